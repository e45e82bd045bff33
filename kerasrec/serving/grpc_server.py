"""TF Serving's gRPC: Predict, GetModelMetadata and GetModelStatus.

Importing this file imports TensorFlow: the stubs of TF Serving are made of its messages.
"""

import concurrent.futures
import functools
import logging

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from kerasrec.errors import InputError
from kerasrec.savedmodel.c_loader import KINDS, NAMES, STRING
from kerasrec.serving.checked import find_signature
from kerasrec.serving.connections import bounds
from kerasrec.serving.grpc_arrival import GrpcArrival
from kerasrec.serving.predict_message import VALUES, read_predict_message
from kerasrec.serving.refusal import Refusal, invalid

SIGNATURES = "signature_def"
INVALID = 0  # DT_INVALID
IDLE = 120  # seconds without a request after which a connection is closed; clients make it anew
LOG = logging.getLogger(__name__)


def start_grpc(models, limits, host, port):
    """Starts a gRPC server, and returns it with the port it listens on.

    Raises:
        InputError: if the port is taken.
    """
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(limits.waiting, "grpc"),
        interceptors=[GrpcArrival(limits)],
        maximum_concurrent_rpcs=limits.waiting,
        options=[
            ("grpc.max_receive_message_length", limits.body),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
            # Nobody holds a connection by doing nothing. Older cores know no bound of their number.
            ("grpc.server_handshake_timeout_ms", int(limits.headers * 1000)),
            ("grpc.max_connection_idle_ms", IDLE * 1000),
            ("grpc.max_allowed_incoming_connections", bounds(limits)[0]),
        ],
    )
    predictions = _Predictions(models, limits)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(predictions, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Statuses(models), server)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = server.add_insecure_port(place)
    except RuntimeError as error:
        raise InputError(f"{place} cannot be listened on by gRPC") from error
    server.start()
    return server, found


def _refusing(method):
    @functools.wraps(method)
    def answered(self, request, context):
        try:
            return method(self, request, context)
        except Refusal as refusal:
            context.abort(grpc.StatusCode[refusal.code], refusal.message)
        except Exception:
            LOG.exception("A request could not be answered.")
            message = "The server could not answer this request."
            context.abort(grpc.StatusCode.INTERNAL, message)

    return answered


class _Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, models, limits):
        self._models, self._limits = models, limits

    @_refusing
    def Predict(self, request, context):  # noqa: N802
        # tensorflow_serving/servables/tensorflow/predict_util.cc: RunPredict.
        name, number = _asked(request)
        with self._models.current(name, number) as version:
            asked, signature = find_signature(version.signatures, request.model_spec.signature_name)
            wanted = _filtered(request.output_filter, signature.outputs)
            inputs = read_predict_message(request, asked, signature, self._limits)
            # All outputs are asked: TensorFlow builds a graph for every other choice of them.
            outputs = version.run(asked, inputs, _left(context, self._limits.timeout))
        answer = predict_pb2.PredictResponse()
        answer.model_spec.name, answer.model_spec.signature_name = name, asked
        answer.model_spec.version.value = version.number
        for key in wanted:
            _write(answer.outputs[key], outputs[key])
        return answer

    @_refusing
    def GetModelMetadata(self, request, context):  # noqa: N802
        # tensorflow_serving/servables/tensorflow/get_model_metadata_impl.cc.
        name, number = _asked(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURES:
                raise invalid(f"Metadata field {field} is not supported")
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        found = get_model_metadata_pb2.SignatureDefMap()
        with self._models.current(name, number) as version:
            for key, signature in version.signatures.items():
                one = found.signature_def[key]
                one.method_name = signature.method_name
                _describe(one.inputs, signature.inputs)
                _describe(one.outputs, signature.outputs)
        answer.model_spec.name, answer.model_spec.version.value = name, version.number
        answer.metadata[SIGNATURES].Pack(found)
        return answer


class _Statuses(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, models):
        self._models = models

    @_refusing
    def GetModelStatus(self, request, context):  # noqa: N802
        answer = get_model_status_pb2.GetModelStatusResponse()
        for version in self._models.versions(*_asked(request)):
            one = answer.model_version_status.add(version=version.number)
            one.state = get_model_status_pb2.ModelVersionStatus.State.Value(version.state)
            if version.error:
                one.status.error_code, one.status.error_message = 2, version.error
        return answer


def _asked(request):
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec = request.model_spec
    if spec.version_label:
        raise invalid(f"Unrecognized servable version label: {spec.version_label}")
    return spec.name, spec.version.value if spec.HasField("version") else None


def _left(context, most):
    """Seconds that the client still waits, and the server works."""
    left = context.time_remaining()
    if left is not None and left <= 0:
        raise Refusal("DEADLINE_EXCEEDED", "The request waited too long for its turn.")
    return most if left is None else min(left, most)


def _filtered(asked, outputs):
    """The outputs asked for; all of them if none is named."""
    found = set()
    for name in asked:
        if name not in outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in "
                f"the set {{{','.join(sorted(outputs))}}}."
            )
        if name in found:
            raise invalid(f"duplicate output tensor alias: {name}")
        found.add(name)
    return found or outputs


def _write(tensor, array):
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    values = array.ravel().tolist()
    tensor.dtype = STRING if array.dtype.kind in "SO" else KINDS[array.dtype]
    getattr(tensor, VALUES[tensor.dtype]).extend(values)


def _describe(infos, tensors):
    numbers = {kind: number for number, kind in NAMES.items()}
    for name, tensor in tensors.items():
        info = infos[name]
        info.name, info.dtype = tensor.tensor, numbers.get(tensor.dtype, INVALID)
        if tensor.shape is None:
            info.tensor_shape.unknown_rank = True
        for size in tensor.shape or ():
            info.tensor_shape.dim.add(size=-1 if size is None else size)
