"""The warm-up file is read by TF Serving's own protobuf classes."""

import numpy as np
import pytest
import tensorflow as tf

from kerasrec.export.warm_up import BATCHES, write_warm_up
from kerasrec.savedmodel.metadata import EXTRA_FOLDER, WARM_UP_FILE


def test_it_has_a_request_for_every_signature_and_batch(tmp_path):
    serving = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    (tmp_path / EXTRA_FOLDER).mkdir()
    request = {
        "user": np.array(["a", "b", "c"]),
        "history": np.array([["x", ""], ["ÿ", "z"], ["", ""]]),
        "k": np.array([1, 2, 300], "int32"),
        "repeats": np.array(["", "allow", "mask"], object),
    }
    signatures = {"recommend": list(request), "embed_user": ["user", "history"]}
    write_warm_up(tmp_path, signatures, request)
    found = []
    for record in tf.data.TFRecordDataset(str(tmp_path / WARM_UP_FILE)).as_numpy_iterator():
        log = serving.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        message = log.predict_log.request
        name = message.model_spec.signature_name
        inputs = {key: tf.make_ndarray(value) for key, value in message.inputs.items()}
        assert set(inputs) == set(signatures[name])
        (batch,) = {len(value) for value in inputs.values()}
        found.append((name, batch))
        assert [text.decode() for text in inputs["history"][0]] == ["x", ""]
        if batch > 1:
            assert inputs["history"][1, 0].decode() == "ÿ" and inputs["user"][4] == b"b"
        if name == "recommend":
            assert inputs["k"].dtype == np.int32 and inputs["repeats"].dtype == object
            assert inputs["k"][:3].tolist() == [1, 2, 300][:batch]
    assert found == [(name, batch) for name in signatures for batch in BATCHES]
