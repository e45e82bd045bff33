"""TF Serving's gRPC services: Predict, GetModelMetadata and GetModelStatus.

Importing this file imports TensorFlow, since the stubs of TF Serving use its messages.
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
from kerasrec.savedmodel.c_loader import DTYPE_CODES, DTYPE_NAMES, STRING
from kerasrec.serving.check_inputs import find_signature
from kerasrec.serving.connections import connection_limits
from kerasrec.serving.grpc_limiter import GrpcLimiter
from kerasrec.serving.predict_message import VALUES, read_predict_message
from kerasrec.serving.refusal import Refusal, invalid

SIGNATURES = "signature_def"
INVALID = 0  # DT_INVALID
IDLE = 120  # seconds without a request after which a connection is closed; clients reconnect
LOG = logging.getLogger(__name__)


def start_grpc(models, limits, host, port, live=None):
    """Starts a gRPC server and returns it with its port; `live` is a `Live` or None.

    Raises:
        InputError: if the port is taken.
    """
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(limits.waiting, "grpc"),
        interceptors=[GrpcLimiter(limits)],
        maximum_concurrent_rpcs=limits.waiting,
        options=[
            ("grpc.max_receive_message_length", limits.body),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
            # Idle clients are disconnected. Old gRPC versions ignore the limit of connections.
            ("grpc.server_handshake_timeout_ms", int(limits.headers * 1000)),
            ("grpc.max_connection_idle_ms", IDLE * 1000),
            ("grpc.max_allowed_incoming_connections", connection_limits(limits)[0]),
        ],
    )
    predictions = _PredictionService(models, limits, live)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(predictions, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_ModelService(models), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound_port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise InputError(f"gRPC cannot listen on {address}") from error
    server.start()
    return server, bound_port


def _abort_on_error(method):
    """Decorator: turns a `Refusal` or another exception into a gRPC status."""

    @functools.wraps(method)
    def answer(self, request, context):
        try:
            return method(self, request, context)
        except Refusal as refusal:
            context.abort(grpc.StatusCode[refusal.code], refusal.message)
        except Exception:
            LOG.exception("A request could not be answered.")
            message = "The server could not answer this request."
            context.abort(grpc.StatusCode.INTERNAL, message)

    return answer


class _PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, models, limits, live):
        self._models, self._limits, self._live = models, limits, live

    @_abort_on_error
    def Predict(self, request, context):  # noqa: N802
        # tensorflow_serving/servables/tensorflow/predict_util.cc: RunPredict.
        name, number = _model_spec(request)
        with self._models.current(name, number) as version:
            key, signature = find_signature(version.signatures, request.model_spec.signature_name)
            wanted = _select_outputs(request.output_filter, signature.outputs)
            inputs = read_predict_message(request, key, signature, self._limits)
            # Always compute all outputs: TensorFlow builds a new graph for each subset of them.
            answering = self._live.version(version) if self._live else version
            outputs = answering.run(key, inputs, _remaining(context, self._limits.timeout))
        response = predict_pb2.PredictResponse()
        response.model_spec.name, response.model_spec.signature_name = name, key
        response.model_spec.version.value = version.number
        for output in wanted:
            _write_tensor(response.outputs[output], outputs[output])
        return response

    @_abort_on_error
    def GetModelMetadata(self, request, context):  # noqa: N802
        # tensorflow_serving/servables/tensorflow/get_model_metadata_impl.cc.
        name, number = _model_spec(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURES:
                raise invalid(f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        definitions = get_model_metadata_pb2.SignatureDefMap()
        with self._models.current(name, number) as version:
            for key, signature in version.signatures.items():
                definition = definitions.signature_def[key]
                definition.method_name = signature.method_name
                _write_tensor_infos(definition.inputs, signature.inputs)
                _write_tensor_infos(definition.outputs, signature.outputs)
        response.model_spec.name, response.model_spec.version.value = name, version.number
        response.metadata[SIGNATURES].Pack(definitions)
        return response


class _ModelService(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, models):
        self._models = models

    @_abort_on_error
    def GetModelStatus(self, request, context):  # noqa: N802
        response = get_model_status_pb2.GetModelStatusResponse()
        for version in self._models.versions(*_model_spec(request)):
            status = response.model_version_status.add(version=version.number)
            status.state = get_model_status_pb2.ModelVersionStatus.State.Value(version.state)
            if version.error:
                status.status.error_code, status.status.error_message = 2, version.error
        return response


def _model_spec(request):
    """Name and version number (or None) of the model in a request."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec = request.model_spec
    if spec.version_label:
        raise invalid(f"Unrecognized servable version label: {spec.version_label}")
    return spec.name, spec.version.value if spec.HasField("version") else None


def _remaining(context, most):
    """Seconds until the client's deadline, at most `most`."""
    left = context.time_remaining()
    if left is not None and left <= 0:
        raise Refusal("DEADLINE_EXCEEDED", "The request waited too long in the queue.")
    return most if left is None else min(left, most)


def _select_outputs(output_filter, outputs):
    """The names in `output_filter`, or all outputs if it is empty."""
    selected = set()
    for name in output_filter:
        if name not in outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in "
                f"the set {{{','.join(sorted(outputs))}}}."
            )
        if name in selected:
            raise invalid(f"duplicate output tensor alias: {name}")
        selected.add(name)
    return selected or outputs


def _write_tensor(tensor, array):
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    values = array.ravel().tolist()
    tensor.dtype = STRING if array.dtype.kind in "SO" else DTYPE_CODES[array.dtype]
    getattr(tensor, VALUES[tensor.dtype]).extend(values)


def _write_tensor_infos(infos, tensors):
    codes = {dtype: code for code, dtype in DTYPE_NAMES.items()}
    for name, tensor in tensors.items():
        info = infos[name]
        info.name, info.dtype = tensor.tensor, codes.get(tensor.dtype, INVALID)
        if tensor.shape is None:
            info.tensor_shape.unknown_rank = True
        for size in tensor.shape or ():
            info.tensor_shape.dim.add(size=-1 if size is None else size)
