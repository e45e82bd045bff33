"""What a hostile client sends to a server: one function an attack, which says what it got."""

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
PATIENCE = 90  # seconds an attacker waits for an answer
SILENT = 300  # connections that one try opens
MIB = 1 << 20


class Target(typing.NamedTuple):
    """The server that is attacked: its ports, and the folder of versions that it watches."""

    port: int
    grpc_port: int
    folder: pathlib.Path


class Attack(typing.NamedTuple):
    """`run(target)` tries once and returns the words of one outcome, of which some are `right`."""

    name: str
    right: tuple
    run: typing.Callable


def attacks():
    """All of them, in the order of a run; what is slow to make is made here."""
    _zeros(), _million_sizes()
    return [
        Attack("REST: lists nested 900 deep", ("400",), _deep_lists),
        Attack("REST: 8 MiB of brackets", ("400",), _brackets),
        Attack("REST: a body of 9 MiB", ("413", "closed"), _large_body),
        Attack("REST: 512 MiB in 0.5 MiB of gzip", ("413",), _bomb),
        Attack("REST: lists of 3 million numbers", ("400", "413"), _many_values),
        Attack("REST: version of other digits", ("400", "404"), _other_digits),
        Attack("REST: another host's name", ("400", "403", "421"), _other_host),
        Attack("page: titles nested 5,000 deep", ("400",), _deep_titles),
        Attack("page: half of a surrogate pair", ("200", "400"), _surrogate),
        Attack("HTTP: bytes that are no HTTP", ("400", "closed"), _no_http),
        Attack("HTTP: 1 MiB of headers", ("400", "431", "closed"), _many_headers),
        Attack(f"HTTP: {SILENT} silent connections", ("answered beside them",), _silent),
        Attack("gRPC: 400 unknown inputs of 2 million", ("INVALID_ARGUMENT",), _unknown_inputs),
        Attack("gRPC: a shape of a million sizes", ("INVALID_ARGUMENT",), _many_sizes),
        Attack("gRPC: sizes 0 and 2^62", ("INVALID_ARGUMENT",), _huge_size),
        Attack("gRPC: another output_filter each time", ("OK",), _filters()),
        Attack("versions: a half-copied one", ("the old one answers",), _half_copied),
        Attack("versions: a number beyond int64", ("the old one answers",), _huge_number),
    ]


# REST.


def _asked(target, path, body=b"", headers=None, method="POST"):
    connection = http.client.HTTPConnection(HOST, target.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            said = answer.read()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            return "closed"
    if answer.status >= 400 and "error" not in _json(said):
        return f"{answer.status} without a sentence"
    return str(answer.status)


def _json(body):
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _predicted(target, body, **headers):
    return _asked(target, f"/v1/models/{NAME}:predict", body, headers)


def _deep_lists(target):
    deep = "[" * 900 + '"item-1"' + "]" * 900
    return _predicted(target, f'{{"inputs": {{"history": {deep}}}}}'.encode())


def _brackets(target):
    return _predicted(target, b"[" * (8 * MIB - 1))


def _large_body(target):
    return _predicted(target, b" " * (9 * MIB))


def _bomb(target):
    return _predicted(target, _zeros(), **{"Content-Encoding": "gzip"})


@functools.cache
def _zeros():
    return gzip.compress(bytes(512 * MIB), compresslevel=1)


def _many_values(target):
    wide = b"[" + b"0," * 3_000_000 + b"0]"
    return _predicted(target, b'{"inputs": {"timestamp": [' + wide + b"]}}")


def _other_digits(target):
    return _asked(target, f"/v1/models/{NAME}/versions/%D9%A1", method="GET")


def _other_host(target):
    return _asked(target, f"/v1/models/{NAME}", headers={"Host": "evil.example"}, method="GET")


def _deep_titles(target):
    body = b'{"name": "hybrid", "items": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    return _asked(target, "/page/titles", body)


def _surrogate(target):
    return _asked(target, "/page/titles", b'{"name": "hybrid", "items": ["\\ud800"]}')


# Connections.


def _sent(target, data):
    """The status of whatever is answered to bytes."""
    with socket.create_connection((HOST, target.port), PATIENCE) as connection:
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


def _no_http(target):
    return _sent(target, b"\x16\x03\x01 no HTTP at all\r\n\r\n")


def _many_headers(target):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(1024))
    return _sent(target, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + lines)


def _silent(target):
    with contextlib.ExitStack() as stack:
        for _ in range(SILENT):
            try:
                connection = socket.create_connection((HOST, target.port), PATIENCE)
            except OSError:
                break
            stack.enter_context(connection)
        code = _asked(target, f"/v1/models/{NAME}", method="GET")
    return "answered beside them" if code == "200" else f"{code} beside them"


# gRPC.


def _by_grpc(target, request):
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"{HOST}:{target.grpc_port}", options) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            stub.Predict(request, timeout=PATIENCE)
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
    return _by_grpc(target, request)


def _many_sizes(target):
    return _by_grpc(target, _million_sizes())


@functools.cache
def _million_sizes():
    request = _request()
    _shaped(request, "k", 3, [2] * 1_000_000)  # DT_INT32
    return request


def _huge_size(target):
    request = _request()
    _shaped(request, "history", 7, [0, 1 << 62])  # DT_STRING
    return _by_grpc(target, request)


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
        return _by_grpc(target, request)

    return run


# Versions.


def _half_copied(target):
    (target.folder / "2").mkdir(exist_ok=True)
    graph = (target.folder / "1" / "saved_model.pb").read_bytes()
    (target.folder / "2" / "saved_model.pb").write_bytes(graph)
    return _old_one_answers(target)


def _huge_number(target):
    (target.folder / ("9" * 20)).mkdir(exist_ok=True)
    return _old_one_answers(target)


def _old_one_answers(target):
    code = _asked(target, f"/v1/models/{NAME}/versions/1/metadata", method="GET")
    return "the old one answers" if code == "200" else f"{code}: no version 1"
