"""Requests over TF Serving's gRPC API, by its own stubs."""

import math

from kerasrec.client.metadata import read_metadata, read_status
from kerasrec.client.serving_error import ServingError, expect_format, shorten
from kerasrec.errors import InputError

MAX_ANSWER_BYTES = 2**26


class GrpcTransport:
    """Sends requests for one model over gRPC; thread-safe.

    The stubs of TF Serving (`tensorflow-serving-api`) import TensorFlow, which takes some seconds
    at first use. REST needs neither.

    Args:
        target: `host:port`.
        model: Name of the model.
        version: A number, a label, or None for the newest.
        secure: Whether to use TLS, checked against the system's certificates.

    Raises:
        InputError: if the stubs are not installed.
    """

    def __init__(self, target, model, version=None, secure=False):
        try:
            import grpc
            from tensorflow_serving.apis import (
                model_service_pb2_grpc,
                prediction_service_pb2_grpc,
            )
        except ImportError as error:
            raise InputError(
                'grpc:// needs TF Serving\'s stubs: pip install "kerasrec[serving]", or use http://'
            ) from error
        options = [
            ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
            ("grpc.max_send_message_length", MAX_ANSWER_BYTES),
            # `Attempts` retries, so gRPC must not. Reconnect at least as fast as it retries.
            ("grpc.enable_retries", 0),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        self._channel = (
            grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
            if secure
            else grpc.insecure_channel(target, options)
        )
        self._grpc = grpc
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self._model, self._version = model, version

    def predict(self, name, signature, inputs, seconds, request_id=None):
        """Runs a signature; `inputs` and the returned outputs are dicts of name to lists."""
        if request_id is not None:
            raise InputError("request_id is for impressions, which are logged over http:// only")
        from tensorflow import dtypes, make_ndarray, make_tensor_proto
        from tensorflow_serving.apis import predict_pb2

        request = self._with_model(predict_pb2.PredictRequest())
        request.model_spec.signature_name = name
        # The dtypes come from the server; the values were checked by `columns`.
        with expect_format("metadata"):
            for each, values in inputs.items():
                dtype = dtypes.as_dtype(signature.inputs[each].dtype)
                request.inputs[each].CopyFrom(make_tensor_proto(values, dtype))
        answer = self._call(self._predictions.Predict, request, seconds)
        with expect_format(name):
            return {
                each: _as_lists(make_ndarray(_check_size(value)))
                for each, value in answer.outputs.items()
            }

    def metadata(self, seconds):
        from google.protobuf import json_format, message
        from tensorflow_serving.apis import get_model_metadata_pb2

        request = self._with_model(get_model_metadata_pb2.GetModelMetadataRequest())
        request.metadata_field.append("signature_def")
        answer = self._call(self._predictions.GetModelMetadata, request, seconds)
        with expect_format("metadata", json_format.Error, message.Error):
            found = json_format.MessageToDict(answer, preserving_proto_field_name=True)
            return read_metadata(found)

    def status(self, seconds):
        from google.protobuf import json_format
        from tensorflow_serving.apis import get_model_status_pb2

        request = self._with_model(get_model_status_pb2.GetModelStatusRequest())
        answer = self._call(self._models.GetModelStatus, request, seconds)
        with expect_format("status"):
            found = json_format.MessageToDict(answer, preserving_proto_field_name=True)
            return read_status(found)

    def close(self):
        self._channel.close()

    def _with_model(self, request):
        request.model_spec.name = self._model
        if isinstance(self._version, int):
            request.model_spec.version.value = self._version
        elif self._version is not None:
            request.model_spec.version_label = self._version
        return request

    def _call(self, method, request, seconds):
        try:
            return method(request, timeout=seconds)
        except self._grpc.RpcError as error:
            code = error.code()
            again = code is self._grpc.StatusCode.UNAVAILABLE
            message = shorten(error.details() or code.name)
            raise ServingError(message, code.name, again=again) from error


def _check_size(tensor):
    """Returns a tensor if its shape has at most as many values as the message has bytes.

    TensorFlow would repeat the last value of a smaller message up to the claimed shape.
    """
    size = math.prod(dim.size for dim in tensor.tensor_shape.dim)
    if not 0 <= size <= tensor.ByteSize():
        raise ValueError("more values than bytes")
    return tensor


def _as_lists(values):
    if values.dtype.kind != "O":
        return values.tolist()
    import numpy as np

    # Strings are bytes in arrays of objects.
    flat = [value.decode("utf-8", "replace") for value in values.ravel()]
    return np.array(flat, dtype=object).reshape(values.shape).tolist()
