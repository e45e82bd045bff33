import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.about import WARM_UP
from kerasrec.serving.warm_up import warm_up


class Recorder:
    """Stands for a loaded model, and notes what it is asked."""

    def __init__(self):
        self.asked = []

    def run(self, signature, inputs):
        self.asked.append((signature, {name: x.tolist() for name, x in inputs.items()}))


def log(signature, **inputs):
    asked = predict_pb2.PredictRequest()
    asked.model_spec.name, asked.model_spec.signature_name = "toy", signature
    for name, value in inputs.items():
        asked.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    predict = prediction_log_pb2.PredictLog(request=asked)
    return prediction_log_pb2.PredictionLog(predict_log=predict).SerializeToString()


def write(folder, *records):
    path = folder / WARM_UP
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


def test_the_records_are_asked_in_their_order(tmp_path):
    write(
        tmp_path, log("", history=[["a", "ü"]]), log("types", number=[1, 2**40], yes=[True, False])
    )
    recorder = Recorder()
    assert warm_up(recorder, tmp_path) == 2
    assert recorder.asked == [
        ("serving_default", {"history": [[b"a", "ü".encode()]]}),
        ("types", {"number": [1, 2**40], "yes": [True, False]}),
    ]


def test_without_records_nothing_is_asked(tmp_path):
    assert warm_up(None, tmp_path) == 0


def test_a_real_model_answers_them(tmp_path, toys):
    write(tmp_path, *[log("recommend", history=[["a"]] * rows) for rows in (1, 8)])
    with CLoader(toys / "1") as loaded:
        assert warm_up(loaded, tmp_path) == 2


@pytest.mark.parametrize("cut", [1, 11, 13, -1, -4, -5])
def test_a_file_that_ends_too_early(tmp_path, cut):
    path = write(tmp_path, log("", history=[["a"]]))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match="is no TFRecord of warm-up requests"):
        warm_up(Recorder(), tmp_path)


def test_too_many_and_wrong_requests(tmp_path, toys):
    write(tmp_path, *[log("", history=[["a"]])] * 1001)
    with pytest.raises(ValueError, match="more than 1000 records"):
        warm_up(Recorder(), tmp_path)
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", log("rank", history=[["a"]]))
    with CLoader(toys / "1") as loaded, pytest.raises(RuntimeError, match="no signature 'rank'"):
        warm_up(loaded, tmp_path / "other")
