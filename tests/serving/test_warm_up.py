import pathlib
import struct
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError, Signature, TensorInfo
from kerasrec.savedmodel.metadata import WARM_UP_FILE
from kerasrec.serving.warm_up import warm_up


class Recorder:
    """A fake loaded model that records its requests."""

    signatures = {}

    def __init__(self):
        self.requests = []

    def run(self, signature, inputs):
        self.requests.append((signature, {name: x.tolist() for name, x in inputs.items()}))


def log(signature, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "toy", signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    predict = prediction_log_pb2.PredictLog(request=request)
    return prediction_log_pb2.PredictionLog(predict_log=predict).SerializeToString()


def write(folder, *records):
    path = folder / WARM_UP_FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


def test_records_run_in_order(tmp_path):
    write(
        tmp_path, log("", history=[["a", "ü"]]), log("types", number=[1, 2**40], yes=[True, False])
    )
    recorder = Recorder()
    assert warm_up(recorder, tmp_path) == 2
    assert recorder.requests == [
        ("serving_default", {"history": [[b"a", "ü".encode()]]}),
        ("types", {"number": [1, 2**40], "yes": [True, False]}),
    ]


def test_without_a_file_no_records_run(tmp_path):
    assert warm_up(Recorder(), tmp_path) == 0


def test_a_real_model_answers_the_records(tmp_path, toys):
    write(tmp_path, *[log("recommend", history=[["a"]] * rows) for rows in (1, 8)])
    with CLoader(toys / "1") as loaded:
        # Plus `serving_default`, `echo`, `total` and `types`, which have no records.
        assert warm_up(loaded, tmp_path) == 6


def test_signatures_without_records_run_a_default_request():
    recorder = Recorder()
    tensor = partial(TensorInfo, "place")
    recorder.signatures = {
        "known": Signature(
            {"a": tensor("string", (None, None)), "b": tensor("int64", (None, 2))}, {}
        ),
        "default": Signature({"k": tensor("int32", (None,), np.array([3]))}, {}),
        "other type": Signature({"a": tensor("type 4", (None,))}, {}),
        "any rank": Signature({"a": tensor("string", None)}, {}),
        "too large": Signature({"a": tensor("string", (None, 1 << 40))}, {}),
    }
    assert warm_up(recorder, pathlib.Path("nowhere")) == 2
    assert recorder.requests == [("default", {}), ("known", {"a": [[b""]], "b": [[0, 0]]})]


@pytest.mark.parametrize(("code", "refused"), [(3, False), (5, True), (9, True)])
def test_a_default_request_may_be_invalid_but_must_not_fail_otherwise(code, refused):
    recorder = Recorder()
    recorder.signatures = {"total": Signature({"x": TensorInfo("place", "float32", (None,))}, {})}

    def run(signature, inputs):
        raise RunError("no", code)

    recorder.run = run
    if refused:
        with pytest.raises(RunError):
            warm_up(recorder, pathlib.Path("nowhere"))
    else:
        assert warm_up(recorder, pathlib.Path("nowhere")) == 0


@pytest.mark.parametrize(
    "record",
    [
        b"\x30\x01" * 3,  # varints in place of messages are skipped
        b"\xff" * 20,
        b"\x32\x7f\x00",
        b"\x32\x04\x0a\x02\x12\x00",  # an input without a name
        b"\x32\x02\x0a\x05",
    ],
)
def test_malformed_records_are_refused(tmp_path, record):
    write(tmp_path, record)
    recorder = Recorder()
    if record.startswith(b"\x30"):
        assert warm_up(recorder, tmp_path) == 0
    else:
        with pytest.raises(ValueError, match="is not a TFRecord of warm-up requests"):
            warm_up(recorder, tmp_path)


def test_a_record_with_a_huge_length_is_refused(tmp_path):
    path = write(tmp_path, log("", history=[["a"]]))
    path.write_bytes(struct.pack("<Q", 1 << 60) + path.read_bytes()[8:])
    with pytest.raises(ValueError, match="a record of 1,152,921,504,606,846,976 bytes"):
        warm_up(Recorder(), tmp_path)


@pytest.mark.parametrize("cut", [1, 11, 13, -1, -4, -5])
def test_a_file_that_ends_too_early_is_refused(tmp_path, cut):
    path = write(tmp_path, log("", history=[["a"]]))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match="is not a TFRecord of warm-up requests"):
        warm_up(Recorder(), tmp_path)


def test_too_many_and_invalid_requests_are_refused(tmp_path, toys):
    write(tmp_path, *[log("", history=[["a"]])] * 1001)
    with pytest.raises(ValueError, match="more than 1000 records"):
        warm_up(Recorder(), tmp_path)
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", log("rank", history=[["a"]]))
    with CLoader(toys / "1") as loaded, pytest.raises(RuntimeError, match="no signature 'rank'"):
        warm_up(loaded, tmp_path / "other")
