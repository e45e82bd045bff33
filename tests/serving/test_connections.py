"""Idle, slow and malformed connections, on servers with very small limits."""

import http.client
import json
import re
import resource
import socket
import threading

import grpc
import pytest

from kerasrec.serving import rest
from kerasrec.serving.connections import Connections, connection_limits
from kerasrec.serving.http_connection import HttpConnection
from kerasrec.serving.limits import Limits
from kerasrec.serving.predictor import Predictor
from kerasrec.serving.request_limiter import RequestLimiter
from kerasrec.serving.server import Server

STATUS = b"GET /v1/models/toy HTTP/1.1\r\nHost: localhost\r\n\r\n"
PREDICT = b"POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\n"
BODY = json.dumps({"signature_name": "echo", "inputs": ["a"]}).encode()


@pytest.fixture(scope="module")
def all_limiters():
    limiters = []

    class Kept(RequestLimiter):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.left = threading.Event()
            limiters.append(self)

        async def __call__(self, *arguments):
            await super().__call__(*arguments)
            self.left.set()

        def wait_until_empty(self):
            while True:
                self.left.clear()
                if (self._requests, self._bytes) == (0, 0):
                    return
                assert self.left.wait(30)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rest, "RequestLimiter", Kept)
        yield limiters


@pytest.fixture
def limiters(all_limiters):
    """The `RequestLimiter`s of the servers that are started."""
    all_limiters.clear()
    return all_limiters


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def answer(connection):
    """(status, content type, error) of one answer."""
    found = http.client.HTTPResponse(connection)
    found.begin()
    text = json.loads(found.read())
    return found.status, found.headers["Content-Type"], text.get("error")


def status_of(server, connection=None):
    with connection or connect(server) as client:
        client.sendall(STATUS)
        return answer(client)[0]


def closed(connection):
    """Reads until the other side closes, and returns what was read."""
    found = b""
    try:
        while part := connection.recv(2**16):
            found += part
    except ConnectionResetError:
        pass
    return found


# Which connection is closed.


class Closed(list):
    """Records in order which connections (names) are closed."""

    def of(self, name):
        outer = self

        class Connection(str):
            def close(self):
                outer.append(str(self))

        return Connection(name)


@pytest.mark.parametrize("total,per_address", [(3, 9), (9, 3)])
def test_the_connection_idle_longest_is_closed(total, per_address, monkeypatch):
    monkeypatch.setattr(
        "kerasrec.serving.connections.connection_limits", lambda limits: (total, per_address)
    )
    closed = Closed()
    a, b, c, d, e, f = map(closed.of, "abcdef")
    connections = Connections(Limits())
    for each in (a, b, c):
        connections.add(each, "here")
    connections.mark_busy(a)
    connections.mark_busy(b)
    connections.mark_idle(b)  # c has been idle longer than b, and a is not idle
    connections.add(d, "here")
    assert closed == ["c"]
    connections.mark_busy(d)
    connections.add(e, "here")
    assert closed == ["c", "b"]
    connections.mark_busy(e)
    connections.add(f, "here")  # all others are busy, so the new one is closed
    assert closed == ["c", "b", "f"]
    for each in (a, d, e):
        connections.remove(each)
    connections.mark_idle(a)  # a removed connection is ignored
    assert not connections._open and not connections._per_address and not connections._idle


def test_an_address_above_its_limit_affects_only_itself(monkeypatch):
    monkeypatch.setattr("kerasrec.serving.connections.connection_limits", lambda limits: (9, 2))
    closed = Closed()
    connections = Connections(Limits())
    connections.add(closed.of("a"), "there")
    for name in "bcde":
        connections.add(closed.of(name), "here")
    assert closed == ["b", "c"]


def test_connection_limits_follow_the_open_file_limit(monkeypatch):
    limits = Limits()
    for files, most in ((1024, 384), (256, 96), (1 << 20, 384), (resource.RLIM_INFINITY, 384)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert connection_limits(limits) == (most, min(320, most * 5 // 6))
    assert limits.waiting < limits.address_connections < limits.connections


def test_many_idle_connections_block_no_other_client(serve):
    server = serve(connections=12, address_connections=10)
    silent = [connect(server) for _ in range(10)]
    with connect(server) as kept:
        for _ in range(3):
            silent += [connect(server) for _ in range(8)]
            kept.sendall(STATUS)
            assert answer(kept)[0] == 200
            assert status_of(server) == 200
    assert closed(silent[0]) == b""
    for connection in silent:
        connection.close()


# Heads of requests.


def test_an_idle_connection_is_closed(serve):
    with connect(serve(headers=0.05)) as client:
        assert closed(client) == b""


def test_a_slow_head_has_a_deadline(serve):
    """Each byte comes in time, but not all of them together."""
    server = serve(headers=0.1)
    with connect(server) as client:
        client.settimeout(0.01)
        found = b""
        for byte in STATUS[:-1] * 100:
            try:
                client.sendall(bytes([byte]))
                found = client.recv(2**16)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            break
        assert found.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b'{\n    "error": "The head of a request did not arrive within 0.1 s."\n}' in found


@pytest.mark.parametrize("begun", [STATUS[:20], STATUS + STATUS[:20]])
def test_an_incomplete_head_is_answered(serve, begun):
    with connect(serve(headers=0.05)) as client:
        client.sendall(begun)
        if begun.startswith(STATUS):
            assert answer(client)[0] == 200
        client.sendall(b"x")
        assert answer(client) == (
            408, "application/json", "The head of a request did not arrive within 0.05 s.",
        )  # fmt: skip
        assert closed(client) == b""


def test_the_deadline_of_the_head_does_not_run_between_requests(serve):
    """A second request on a kept-alive connection, later than the deadline of a head."""
    server = serve(headers=0.05)
    with connect(server) as client:
        client.sendall(STATUS)
        assert answer(client)[0] == 200
        with connect(server) as silent:
            assert closed(silent) == b""
        client.sendall(STATUS)
        assert answer(client)[0] == 200


@pytest.mark.slow
def test_an_answer_that_is_not_read_is_dropped(serve, limiters, monkeypatch):
    lost, connection_lost = threading.Event(), HttpConnection.connection_lost

    def seen(self, error):
        lost.set()
        connection_lost(self, error)

    monkeypatch.setattr(HttpConnection, "connection_lost", seen)
    server = serve(timeout=0.5, rows=1 << 17)
    # An answer larger than the buffers of both sides.
    body = json.dumps({"signature_name": "echo", "inputs": ["x" * 60] * 100_000}).encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(30)
        client.connect(("127.0.0.1", server.port))
        client.sendall(PREDICT + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert lost.wait(30)
        found = closed(client)
    assert found.startswith(b"HTTP/1.1 200") and len(found) < len(body)
    limiters[0].wait_until_empty()


# Malformed HTTP.


@pytest.fixture(scope="module")
def hasty(toys, all_limiters):
    """A server with short deadlines, and its `RequestLimiter`."""
    limits = Limits(timeout=0.1, headers=0.1, body=1000)
    with Server(toys, port=0, limits=limits, say=lambda line: None) as server:
        assert status_of(server) == 200
        yield server, all_limiters[-1]


ERROR = "This is not an HTTP request, or its head is larger than 16 KiB."


@pytest.mark.parametrize(
    "sent,status",
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /" + b"x" * (1 << 20), 400),
        (STATUS[:-2] + b"X: " + b"x" * (1 << 20), 400),
        (STATUS[:-2] + b"X: y\r\n" * 200_000, 400),
        (PREDICT + b"Content-Length: -1\r\n\r\n", 400),
        (PREDICT + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (PREDICT + b"Content-Length: " + b"9" * 20 + b"\r\n\r\n{", 413),
        (PREDICT + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}{}", 400),
        (PREDICT + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n{}{", 400),
        (PREDICT + b"Content-Length: \xb2\r\n\r\n", 400),
        (PREDICT + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n-1\r\n", 400),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", 408),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 3000, 413),
        (PREDICT + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", 408),
        (PREDICT + b"Content-Length: 9\r\n\r\n" + STATUS, 400),
        (b"GET /v1/models/toy HTTP/1.1\r\n\r\n", 400),
    ],
)  # fmt: skip
def test_attacks_get_an_error_and_free_all_resources(hasty, sent, status):
    server, gate = hasty
    with connect(server) as client:
        # The server may refuse and close the connection before everything is sent.
        try:
            client.sendall(sent)
            found = answer(client)
        except ConnectionError:
            found = None
        else:
            while found[0] == 100:
                found = answer(client)
            assert (found[0], found[1]) == (status, "application/json") and found[2]
        if found:
            closed(client)
    assert status_of(server) == 200
    gate.wait_until_empty()
    if status == 400 and sent.startswith(b"hello"):
        assert found[2] == ERROR


def test_pipelined_requests_are_answered_in_order(serve, limiters):
    server = serve()
    whole = PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with connect(server) as client:
        client.sendall((whole + STATUS) * 50 + b"nonsense\r\n\r\n")
        found = closed(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"200"] * 100 + [b"400"]
    limiters[0].wait_until_empty()


def test_incomplete_bodies_do_not_count_as_requests(serve):
    server = serve(waiting=2)
    slow = [connect(server) for _ in range(5)]
    for client in slow:
        client.sendall(PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY))
    assert status_of(server) == 200
    for client in slow:
        client.sendall(BODY)
        assert answer(client)[0] == 200
        client.close()


def test_a_client_that_disconnects_is_not_answered(serve, limiters, ask, monkeypatch):
    """The part of its body that arrived is a valid request by itself."""
    server = serve()
    predicted = []
    predict = Predictor.predict

    def seen(self, *arguments):
        predicted.append(arguments)
        return predict(self, *arguments)

    monkeypatch.setattr(Predictor, "predict", seen)
    with connect(server) as client:
        client.sendall(PREDICT + b"Content-Length: 1000\r\n\r\n" + BODY)
    assert ask(server, "/v1/models/toy:predict", BODY)[0] == 200
    assert len(predicted) == 1
    limiters[0].wait_until_empty()


def test_idle_grpc_connections_are_limited_and_closed(toys):
    limits = Limits(headers=0.1, connections=3)
    with Server(toys, port=0, grpc_port=0, limits=limits, say=lambda line: None) as server:
        clients = [
            socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) for _ in range(4)
        ]
        # HTTP/2 settings arrive for three connections, but not for the fourth.
        assert [bool(closed(client)) for client in clients] == [True] * 3 + [False]
        for client in clients:
            client.close()


def test_grpc_requests_without_a_message_do_not_block_others(toys):
    """Hand-made HTTP/2 frames: the settings, and headers of requests that never end."""
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    path = b"/tensorflow.serving.ModelService/GetModelStatus"
    # RFC 7541: POST, http, and the path, host, content type and `te` as literals.
    headers = b"".join(
        [
            b"\x83\x86",
            *(b"%c%c%b" % (name, len(value), value) for name, value in ((4, path), (1, b"here"))),
            b"\x0f\x10\x10application/grpc\x00\x02te\x08trailers",
        ]
    )
    limits = Limits(threads=1, headers=0.5)
    with Server(toys, port=0, grpc_port=0, limits=limits, say=lambda line: None) as server:
        with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) as client:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4" + bytes(5))
            for stream in (1, 3, 5):
                frame = len(headers).to_bytes(3, "big") + b"\1\4" + stream.to_bytes(4, "big")
                client.sendall(frame + headers)
            with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
                stub = model_service_pb2_grpc.ModelServiceStub(channel)
                request = get_model_status_pb2.GetModelStatusRequest()
                request.model_spec.name = "toy"
                assert stub.GetModelStatus(request, timeout=30).model_version_status
            # Each request is cancelled, by a status or by a frame that ends the stream.
            found = b""
            while found.count(b"grpc-status") + found.count(b"\0\0\4\3") < 3:
                assert (part := client.recv(2**16))
                found += part
