import pathlib

import pytest

from kerasrec.errors import InputError
from kerasrec.serving.batching_parameters import BatchingParameters

FILE = """
# comments
max_batch_size { value: 128 }
batch_timeout_micros { value: 1500 }  # 1.5 ms
max_enqueued_batches: { value: 100 }
num_batch_threads { value: 2 }
thread_pool_name { value: "recommend" }
pad_variable_length_inputs: true
"""


def test_a_file_in_tf_servings_format_is_read(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(FILE)
    assert BatchingParameters.read(path) == BatchingParameters(128, 1500, 100, 2, True)


def test_the_file_in_deploy_is_read():
    path = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "batching.config"
    found = BatchingParameters.read(path)
    assert found.max_batch_size > 1 and found.pad_variable_length_inputs


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_batch_sise { value: 3 }", "'max_batch_sise' is not supported; expected max_batch"),
        ("allowed_batch_sizes: 32", "'allowed_batch_sizes:' is not supported"),
        ("max_batch_size: 32", "max_batch_size { value: 64 }"),
        ("num_batch_threads { value: 0 }", "must be at least 1: got 0"),
    ],
)
def test_unsupported_fields_are_refused(tmp_path, text, sentence):
    path = tmp_path / "batching.config"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        BatchingParameters.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        BatchingParameters.read(tmp_path / "none")
