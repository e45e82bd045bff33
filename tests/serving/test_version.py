import numpy as np
import pytest

from kerasrec.serving.batching_parameters import BatchingParameters
from kerasrec.serving.limits import Limits
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.version import Version


@pytest.fixture(scope="module", params=[None, BatchingParameters()], ids=["alone", "batching"])
def version(request, toys):
    version = Version(2, toys / "2", Limits(), request.param)
    version.load()
    yield version
    version.unload()


def test_defaults_are_filled_in(version):
    answer = version.run("", {"history": [["b", "ü", "ü"]]})
    assert answer["item"].tolist() == [["ü".encode(), b"b", b"a"]]
    np.testing.assert_allclose(answer["score"], [[2.2, 1.2, 0.2]], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "inputs", "code", "sentence"),
    [
        ("rank", {}, "FAILED_PRECONDITION", 'key "rank" not found. There are echo, recommend'),
        ("recommend", {}, "INVALID_ARGUMENT", "history not found in request and no default"),
        ("recommend", {"history": [["a"]], "kk": [1]}, "INVALID_ARGUMENT", "invalid name: kk"),
        ("recommend", {"history": [[1]]}, "INVALID_ARGUMENT", "expected string, got int64"),
        ("recommend", {"history": [["a"], ["b", "c"]]}, "INVALID_ARGUMENT", "of unequal length"),
        ("recommend", {"history": [[None]]}, "INVALID_ARGUMENT", "string, got mixed types"),
        ("total", {"x": np.float32([[-1, 2]])}, "INVALID_ARGUMENT", "x must not be negative"),
    ],
)  # fmt: skip
def test_invalid_inputs_are_refused(version, name, inputs, code, sentence):
    with pytest.raises(Refusal, match=sentence) as caught:
        version.run(name, inputs)
    assert caught.value.code == code


def test_strings_of_any_bytes_round_trip(version):
    texts = np.empty(3, object)
    texts[:] = [b"\x00\xff\x00", b"", "ü".encode() * 40 + b"\x00"]
    assert version.run("echo", {"text": texts})["text_bytes"].tolist() == list(texts)


def test_an_empty_list_fits_every_dtype(version):
    answer = version.run("recommend", {"history": np.zeros((1, 0))})
    assert answer["item"].tolist() == [[b"a", b"b", "ü".encode()]]
