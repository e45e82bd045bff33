"""Attacks on a server: one function each, which returns the outcome as a short string."""

import contextlib
import functools
import gzip
import http.client
import itertools
import json
import pathlib
import socket
import typing

NAME = "hybrid"
HOST = "127.0.0.1"
TIMEOUT = 90  # seconds to wait for an answer
IDLE = 300  # connections that one attack opens
MIB = 1 << 20


class Target(typing.NamedTuple):
    """The attacked server: its ports and its folder of versions."""

    port: int
    grpc_port: int
    folder: pathlib.Path


class Attack(typing.NamedTuple):
    """`run(target)` attacks once and returns the outcome; some outcomes are `expected`."""

    name: str
    expected: tuple
    run: typing.Callable


def attacks():
    """Returns all attacks in order; prepares the slow ones."""
    _zeros(), _million_sizes()
    return [
        Attack("REST: lists nested 900 deep", ("400",), _deep_lists),
        Attack("REST: 8 MiB of brackets", ("400",), _brackets),
        Attack("REST: a body of 9 MiB", ("413", "closed"), _large_body),
        Attack("REST: 512 MiB in 0.5 MiB of gzip", ("413",), _bomb),
        Attack("REST: lists of 3 million numbers", ("400", "413"), _many_values),
        Attack("REST: version in other digits", ("400", "404"), _other_digits),
        Attack("REST: another host's name", ("400", "403", "421"), _other_host),
        Attack("page: titles nested 5,000 deep", ("400",), _deep_titles),
        Attack("page: unpaired surrogate", ("200", "400"), _surrogate),
        Attack("HTTP: bytes that are not HTTP", ("400", "closed"), _not_http),
        Attack("HTTP: 1 MiB of headers", ("400", "431", "closed"), _many_headers),
        Attack(f"HTTP: {IDLE} idle connections", ("others answered",), _idle_connections),
        Attack("gRPC: 400 unknown inputs of 2 million", ("INVALID_ARGUMENT",), _unknown_inputs),
        Attack("gRPC: a shape of a million sizes", ("INVALID_ARGUMENT",), _many_sizes),
        Attack("gRPC: sizes 0 and 2^62", ("INVALID_ARGUMENT",), _huge_size),
        Attack("gRPC: another output_filter each time", ("OK",), _filters()),
        Attack("versions: a partial copy", ("old version answers",), _partial_copy),
        Attack("versions: a number beyond int64", ("old version answers",), _huge_number),
    ]


# REST.


def _status(target, path, body=b"", headers=None, method="POST"):
    connection = http.client.HTTPConnection(HOST, target.port, timeout=TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            body = answer.read()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            return "closed"
    if answer.status >= 400 and "error" not in _json(body):
        return f"{answer.status} without a message"
    return str(answer.status)


def _json(body):
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _predict_status(target, body, **headers):
    return _status(target, f"/v1/models/{NAME}:predict", body, headers)


def _deep_lists(target):
    deep = "[" * 900 + '"item-1"' + "]" * 900
    return _predict_status(target, f'{{"inputs": {{"history": {deep}}}}}'.encode())


def _brackets(target):
    return _predict_status(target, b"[" * (8 * MIB - 1))


def _large_body(target):
    return _predict_status(target, b" " * (9 * MIB))


def _bomb(target):
    return _predict_status(target, _zeros(), **{"Content-Encoding": "gzip"})


@functools.cache
def _zeros():
    return gzip.compress(bytes(512 * MIB), compresslevel=1)


def _many_values(target):
    wide = b"[" + b"0," * 3_000_000 + b"0]"
    return _predict_status(target, b'{"inputs": {"timestamp": [' + wide + b"]}}")


def _other_digits(target):
    return _status(target, f"/v1/models/{NAME}/versions/%D9%A1", method="GET")


def _other_host(target):
    return _status(target, f"/v1/models/{NAME}", headers={"Host": "evil.example"}, method="GET")


def _deep_titles(target):
    body = b'{"name": "hybrid", "items": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    return _status(target, "/page/titles", body)


def _surrogate(target):
    return _status(target, "/page/titles", b'{"name": "hybrid", "items": ["\\ud800"]}')


# Connections.


def _raw_status(target, data):
    """Sends bytes and returns the status of the answer."""
    with socket.create_connection((HOST, target.port), TIMEOUT) as connection:
        found = b""
        try:
            connection.sendall(data)
            while b"\r\n\r\n" not in found:
                part = connection.recv(4096)
                if not part:
                    break
                found += part
        except (BrokenPipeError, ConnectionResetError):
            pass
    first = found.split(b" ", 2)
    return first[1].decode() if len(first) > 2 else "closed"


def _not_http(target):
    return _raw_status(target, b"\x16\x03\x01 not HTTP at all\r\n\r\n")


def _many_headers(target):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(1024))
    return _raw_status(target, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + lines)


def _idle_connections(target):
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            try:
                connection = socket.create_connection((HOST, target.port), TIMEOUT)
            except OSError:
                break
            stack.enter_context(connection)
        code = _status(target, f"/v1/models/{NAME}", method="GET")
    return "others answered" if code == "200" else f"{code} for others"


# gRPC.


def _grpc_status(target, request):
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"{HOST}:{target.grpc_port}", options) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            stub.Predict(request, timeout=TIMEOUT)
        except grpc.RpcError as error:
            return error.code().name
    return "OK"


def _request(signature="recommend"):
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = NAME, signature
    return request


def _shaped(request, name, kind, sizes):
    tensor = request.inputs[name]
    tensor.dtype = kind
    tensor.tensor_shape.dim.extend(type(tensor.tensor_shape).Dim(size=size) for size in sizes)


def _unknown_inputs(target):
    request = _request()
    for number in range(400):
        _shaped(request, f"input-{number}", 9, [1 << 21])  # DT_INT64
    return _grpc_status(target, request)


def _many_sizes(target):
    return _grpc_status(target, _million_sizes())


@functools.cache
def _million_sizes():
    request = _request()
    _shaped(request, "k", 3, [2] * 1_000_000)  # DT_INT32
    return request


def _huge_size(target):
    request = _request()
    _shaped(request, "history", 7, [0, 1 << 62])  # DT_STRING
    return _grpc_status(target, request)


def _filters():
    names = ("item", "score", "reason_item", "reason")
    orders = itertools.cycle(
        order for size in (1, 2, 3, 4) for order in itertools.permutations(names, size)
    )

    def run(target):
        import tensorflow as tf

        request = _request("recommend_explained")
        request.inputs["history"].CopyFrom(tf.make_tensor_proto([["item-1", "item-2"]]))
        request.output_filter.extend(next(orders))
        return _grpc_status(target, request)

    return run


# Versions.


def _partial_copy(target):
    (target.folder / "2").mkdir(exist_ok=True)
    graph = (target.folder / "1" / "saved_model.pb").read_bytes()
    (target.folder / "2" / "saved_model.pb").write_bytes(graph)
    return _old_version_answers(target)


def _huge_number(target):
    (target.folder / ("9" * 20)).mkdir(exist_ok=True)
    return _old_version_answers(target)


def _old_version_answers(target):
    code = _status(target, f"/v1/models/{NAME}/versions/1/metadata", method="GET")
    return "old version answers" if code == "200" else f"{code}: no version 1"
