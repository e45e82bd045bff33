"""TF Serving's own stubs call our server; codes and messages are from its source."""

import tracemalloc

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from kerasrec.savedmodel import CLoader
from kerasrec.serving.grpc_limiter import GrpcLimiter
from kerasrec.serving.limits import Limits
from kerasrec.serving.server import Server


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(signature="", model="toy", version=None, outputs=(), **inputs):
    message = predict_pb2.PredictRequest(output_filter=outputs)
    message.model_spec.name, message.model_spec.signature_name = model, signature
    if version is not None:
        message.model_spec.version.value = version
    for name, value in inputs.items():
        value = value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value)
        message.inputs[name].CopyFrom(value)
    return message


def test_predict_with_strings_and_defaults(stub):
    answer = stub.Predict(request(history=[["ü", "", "ü"]]), timeout=30)
    assert tf.make_ndarray(answer.outputs["item"]).tolist() == [["ü".encode(), b"a", b"b"]]
    score = tf.make_ndarray(answer.outputs["score"])
    np.testing.assert_allclose(score, [[2.2, 0.2, 0.2]], rtol=1e-6)
    assert answer.model_spec.name == "toy" and answer.model_spec.version.value == 2
    assert answer.model_spec.signature_name == "serving_default"


def test_all_dtypes_in_all_encodings(stub):
    content = tf.make_tensor_proto(np.array([5, -6]))
    assert content.tensor_content
    values = tensor_pb2.TensorProto(dtype="DT_INT64", int64_val=[5, -6])
    values.tensor_shape.dim.add(size=2)
    for number in (content, values):
        answer = stub.Predict(request("types", number=number, yes=[True, False]), timeout=30)
        found = {name: tf.make_ndarray(x).tolist() for name, x in answer.outputs.items()}
        assert found == {"number": [5, -6], "yes": [True, False], "half": [2.5, -3.0]}


def test_outputs_can_be_selected_and_bytes_stay_bytes(stub):
    answer = stub.Predict(request(history=[["a"]], outputs=["score"]), timeout=30)
    assert list(answer.outputs) == ["score"]
    answer = stub.Predict(request("echo", text=[b"\xff\x00", b""]), timeout=30)
    assert tf.make_ndarray(answer.outputs["text_bytes"]).tolist() == [b"\xff\x00", b""]


def claim(dtype, *sizes, **fields):
    """A small message that claims a tensor of this shape."""
    shape = tensor_shape_pb2.TensorShapeProto()
    shape.dim.extend([tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes])
    return tensor_pb2.TensorProto(dtype=f"DT_{dtype}", tensor_shape=shape, **fields)


UNKNOWN_RANK = claim("STRING")
UNKNOWN_RANK.tensor_shape.unknown_rank = True


def lying(**change):
    tensor = tf.make_tensor_proto([["a"]])
    tensor.MergeFrom(tensor_pb2.TensorProto(**change))
    return tensor


@pytest.mark.parametrize(
    ("message", "code", "sentence"),
    [
        (predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (request(model="other"), "NOT_FOUND", "Servable not found for request: Latest(other)"),
        (request(version=1), "NOT_FOUND", "Servable not found for request: Specific(toy, 1)"),
        (request("rank"), "FAILED_PRECONDITION", 'Serving signature key "rank" not found.'),
        (request(), "INVALID_ARGUMENT", "Signature input alias: history not found in request"),
        (request(history=[["a"]], x=[1]), "INVALID_ARGUMENT", "Inputs contains invalid name: x"),
        (request(history=[[1]]), "INVALID_ARGUMENT", "history: expected string, got int32"),
        (request(history=["a"]), "INVALID_ARGUMENT", "history has the shape [1]"),
        (request(history=claim("STRING", 10**6, 1)), "INVALID_ARGUMENT", "1000000 rows"),
        (request(history=lying(string_val=[b"b"])), "INVALID_ARGUMENT", "tensor parsing error"),
        (request(history=tf.make_tensor_proto([[1j]])), "INVALID_ARGUMENT", "got type 18"),
        (request(history=[["a"]], outputs=["x"]), "INVALID_ARGUMENT", "alias not found"),
        (request(history=[["a"]], outputs=["item"] * 2), "INVALID_ARGUMENT", "duplicate output"),
        (request(model="\U0001f600" * 5000), "NOT_FOUND", "...TRUNCATED"),
        (request(**dict.fromkeys("zyx", [1])), "INVALID_ARGUMENT", "invalid name: x, y, z. "),
        (request(history=claim("STRING")), "INVALID_ARGUMENT", "shape []; expected [any, any]"),
        (request(history=claim("STRING", 1, -1)), "INVALID_ARGUMENT", "shape [1, -1]; expected"),
        (request(history=claim("STRING", *[1] * 33)), "INVALID_ARGUMENT", "1, ...]; expected"),
        (request(history=claim("STRING", *[2] * 10**5)), "INVALID_ARGUMENT", "2, ...]; expected"),
        (request(history=claim("STRING", 0, 1 << 62)), "INVALID_ARGUMENT", "0 rows and another"),
        (request("echo", text=claim("STRING", 1 << 62)), "INVALID_ARGUMENT", "at most 1024"),
        (request(history=claim("STRING", 1 << 62, 0)), "INVALID_ARGUMENT", "at most 1024"),
        (request(history=claim("STRING", 1, 1 << 62)), "INVALID_ARGUMENT", "Shorten the lists"),
        (request(history=UNKNOWN_RANK), "INVALID_ARGUMENT", "history has unknown rank"),
        (request(history=[["a"]], outputs=["item"] * 10**5), "INVALID_ARGUMENT", "duplicate"),
        (request("total", x=np.float32([[-1, 2]])), "INVALID_ARGUMENT", "must not be negative"),
    ],
)  # fmt: skip
def test_invalid_requests_get_a_code_and_a_message(stub, message, code, sentence):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(message, timeout=30)
    assert caught.value.code() is grpc.StatusCode[code]
    assert sentence in caught.value.details()


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({f"x{number}": claim("INT64", 1 << 21) for number in range(400)}, "invalid name: x"),
        ({"history": claim("INT64", 1, 1 << 21)}, "expected string, got int64"),
        ({name: claim("STRING", 1, 1 << 20) for name in ("history", "exclude")}, "2097153 values"),
        ({"history": claim("STRING", 1, 1 << 20), "k": claim("INT32", 3)}, "3 rows of 1048578"),
    ],
    ids=["unknown", "type", "together", "one for all"],
)
def test_claimed_shapes_take_no_memory(stub, inputs, sentence):
    tracemalloc.start()
    try:
        with pytest.raises(grpc.RpcError) as caught:
            stub.Predict(request(**inputs), timeout=30)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert sentence in caught.value.details()
    assert most < 4 << 20  # one such array would have 8 MiB


def test_strings_in_tensor_content(stub):
    content = claim("STRING", 3, tensor_content=b"\x01\x00\x02" + b"a" + b"bc")
    answer = stub.Predict(request("echo", text=content), timeout=30)
    assert tf.make_ndarray(answer.outputs["text_bytes"]).tolist() == [b"a", b"", b"bc"]
    for wrong in (b"\x01\x00\x03abc", b"\x01", b"\xff" * 50):
        with pytest.raises(grpc.RpcError) as caught:
            stub.Predict(request("echo", text=claim("STRING", 3, tensor_content=wrong)), timeout=30)
        assert caught.value.details() == "tensor parsing error: text"


def test_the_last_value_is_repeated(stub):
    message = request(
        "types",
        number=claim("INT64", 3, int64_val=[5, 7]), yes=claim("BOOL", 3),
    )  # fmt: skip
    answer = stub.Predict(message, timeout=30)
    assert tf.make_ndarray(answer.outputs["number"]).tolist() == [5, 7, 7]
    assert tf.make_ndarray(answer.outputs["yes"]).tolist() == [False] * 3


def test_any_selection_of_outputs_runs_the_same_graph(stub, monkeypatch):
    message, run = [], CLoader.run

    def noted(self, signature, inputs, outputs=None, timeout=0.0):
        message.append((signature, outputs))
        return run(self, signature, inputs, outputs, timeout)

    monkeypatch.setattr(CLoader, "run", noted)
    for outputs in (["score"], ["item"], ["item", "score"], []):
        answer = stub.Predict(request(history=[["a"]], outputs=outputs), timeout=30)
        assert sorted(answer.outputs) == (outputs or ["item", "score"])
    assert set(message) == {("serving_default", None)}


def test_a_message_above_the_limit(stub):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request(history=[["a" * 9_000_000]]), timeout=30)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_total_size_of_messages_is_limited():
    limiter = GrpcLimiter(Limits(waiting_bytes=100))
    assert limiter._reserve(60) and not limiter._reserve(41) and limiter._reserve(40)
    assert limiter._reserve(-60) and limiter._reserve(60)


def test_a_message_above_the_total_size_is_refused(toys):
    limits = Limits(waiting_bytes=50)
    with (
        Server(toys, port=0, grpc_port=0, limits=limits, say=lambda line: None) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel,
    ):
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for _ in range(2):
            with pytest.raises(grpc.RpcError) as refused:
                stub.Predict(request(history=[["a" * 100]]), timeout=30)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            assert "MiB of requests wait already" in refused.value.details()


def test_metadata(stub, toys):
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    message.model_spec.name = "toy"
    answer = stub.GetModelMetadata(message, timeout=30)
    found = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(found)
    expected = tf.saved_model.load(str(toys / "2")).signatures
    assert set(found.signature_def) == set(expected)
    history = found.signature_def["recommend"].inputs["history"]
    assert history.dtype == tf.string.as_datatype_enum
    assert [dim.size for dim in history.tensor_shape.dim] == [-1, -1]
    assert answer.model_spec.version.value == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [([], "at least one metadata_field"), (["x"], "Metadata field x is not supported")],
)
def test_invalid_metadata_requests_are_refused(stub, fields, sentence):
    message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    message.model_spec.name = "toy"
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetModelMetadata(message, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert sentence in caught.value.details()


def test_status(channel):
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = "toy"
    (version,) = stub.GetModelStatus(message, timeout=30).model_version_status
    assert version.version == 2 and version.status.error_code == 0
    assert version.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
    message.model_spec.name = "other"
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetModelStatus(message, timeout=30)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_an_internal_error_reveals_nothing(stub, monkeypatch):
    def broken(*_):
        raise KeyError("secret")

    monkeypatch.setattr("kerasrec.serving.grpc_server.read_predict_message", broken)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request(history=[["a"]]), timeout=30)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details() == "The server could not answer this request."
