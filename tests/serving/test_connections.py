"""Connections that do nothing, or nearly nothing, on servers with very small bounds."""

import http.client
import json
import re
import resource
import socket
import threading

import grpc
import pytest

from kerasrec.serving import rest
from kerasrec.serving.connections import Connections, bounds
from kerasrec.serving.gate import Gate
from kerasrec.serving.http_connection import HttpConnection
from kerasrec.serving.limits import Limits
from kerasrec.serving.server import Server

STATUS = b"GET /v1/models/toy HTTP/1.1\r\nHost: localhost\r\n\r\n"
PREDICT = b"POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\n"
BODY = json.dumps({"signature_name": "echo", "inputs": ["a"]}).encode()


@pytest.fixture(scope="module")
def all_gates():
    gates = []

    class Kept(Gate):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.left = threading.Event()
            gates.append(self)

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
        patch.setattr(rest, "Gate", Kept)
        yield gates


@pytest.fixture
def gates(all_gates):
    """The gates of the servers that are started."""
    all_gates.clear()
    return all_gates


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def answer(connection):
    """(status, content type, error) of one answer."""
    found = http.client.HTTPResponse(connection)
    found.begin()
    text = json.loads(found.read())
    return found.status, found.headers["Content-Type"], text.get("error")


def asked(server, connection=None):
    with connection or connect(server) as client:
        client.sendall(STATUS)
        return answer(client)[0]


def closed(connection):
    """Reads until the other side closes; what came."""
    found = b""
    try:
        while part := connection.recv(2**16):
            found += part
    except ConnectionResetError:
        pass
    return found


# Who makes room.


class Closed(list):
    """Connections are names; which of them had to give way, in order."""

    def of(self, name):
        outer = self

        class Connection(str):
            def give_way(self):
                outer.append(str(self))

        return Connection(name)


@pytest.mark.parametrize("most,most_of_one", [(3, 9), (9, 3)])
def test_who_waits_longest_without_asking_makes_room(most, most_of_one, monkeypatch):
    monkeypatch.setattr("kerasrec.serving.connections.bounds", lambda limits: (most, most_of_one))
    closed = Closed()
    a, b, c, d, e, f = map(closed.of, "abcdef")
    connections = Connections(Limits())
    for each in (a, b, c):
        connections.opened(each, "here")
    connections.asked(a)
    connections.asked(b)
    connections.answered(b)  # c has waited longer than b, and a does not wait
    connections.opened(d, "here")
    assert closed == ["c"]
    connections.asked(d)
    connections.opened(e, "here")
    assert closed == ["c", "b"]
    connections.asked(e)
    connections.opened(f, "here")  # all others are at work: there is no room for it
    assert closed == ["c", "b", "f"]
    for each in (a, d, e):
        connections.lost(each)
    connections.answered(a)  # an answer that nobody waits for
    assert not connections._open and not connections._of_one and not connections._waiting


def test_an_address_over_its_bound_costs_nobody_else(monkeypatch):
    monkeypatch.setattr("kerasrec.serving.connections.bounds", lambda limits: (9, 2))
    closed = Closed()
    connections = Connections(Limits())
    connections.opened(closed.of("a"), "there")
    for name in "bcde":
        connections.opened(closed.of(name), "here")
    assert closed == ["b", "c"]


def test_bounds(monkeypatch):
    limits = Limits()
    for files, most in ((1024, 384), (256, 96), (1 << 20, 384), (resource.RLIM_INFINITY, 384)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert bounds(limits) == (most, min(320, most * 5 // 6))
    assert limits.waiting < limits.address_connections < limits.connections


def test_a_crowd_of_silent_connections_keeps_nobody_out(serve):
    server = serve(connections=12, address_connections=10)
    silent = [connect(server) for _ in range(10)]
    with connect(server) as kept:
        for _ in range(3):
            silent += [connect(server) for _ in range(8)]
            kept.sendall(STATUS)
            assert answer(kept)[0] == 200
            assert asked(server) == 200
    assert closed(silent[0]) == b""
    for connection in silent:
        connection.close()


# Heads.


def test_a_silent_connection_is_closed(serve):
    with connect(serve(headers=0.05)) as client:
        assert closed(client) == b""


def test_a_head_in_drops_must_end_in_time(serve):
    """Each byte is in time; all of them are not."""
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
def test_half_a_head_is_answered(serve, begun):
    with connect(serve(headers=0.05)) as client:
        client.sendall(begun)
        if begun.startswith(STATUS):
            assert answer(client)[0] == 200
        client.sendall(b"x")
        assert answer(client) == (
            408, "application/json", "The head of a request did not arrive within 0.05 s.",
        )  # fmt: skip
        assert closed(client) == b""


def test_between_requests_nobody_is_in_a_hurry(serve):
    """A second request after more time than a head may take, on a connection kept alive."""
    server = serve(headers=0.05)
    with connect(server) as client:
        client.sendall(STATUS)
        assert answer(client)[0] == 200
        with connect(server) as silent:
            assert closed(silent) == b""
        client.sendall(STATUS)
        assert answer(client)[0] == 200


@pytest.mark.slow
def test_an_answer_that_is_not_taken_is_given_up(serve, gates, monkeypatch):
    lost, connection_lost = threading.Event(), HttpConnection.connection_lost

    def seen(self, error):
        lost.set()
        connection_lost(self, error)

    monkeypatch.setattr(HttpConnection, "connection_lost", seen)
    server = serve(timeout=0.5, rows=1 << 17)
    # An answer of more than the buffers of both sides hold.
    body = json.dumps({"signature_name": "echo", "inputs": ["x" * 60] * 100_000}).encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(30)
        client.connect(("127.0.0.1", server.port))
        client.sendall(PREDICT + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert lost.wait(30)
        found = closed(client)
    assert found.startswith(b"HTTP/1.1 200") and len(found) < len(body)
    gates[0].wait_until_empty()


# What is no HTTP, or hardly.


@pytest.fixture(scope="module")
def hasty(toys, all_gates):
    """A server that waits for nobody, and its gate."""
    limits = Limits(timeout=0.1, headers=0.1, body=1000)
    with Server(toys, port=0, limits=limits, say=lambda line: None) as server:
        assert asked(server) == 200
        yield server, all_gates[-1]


ERROR = "This is no HTTP request, or its head is larger than 16 KiB."


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
def test_attacks_end_in_a_sentence_and_cost_nothing(hasty, sent, status):
    server, gate = hasty
    with connect(server) as client:
        # It may be refused, and closed, before all is sent.
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
    assert asked(server) == 200
    gate.wait_until_empty()
    if status == 400 and sent.startswith(b"hello"):
        assert found[2] == ERROR


def test_requests_that_follow_without_waiting_are_answered_in_order(serve, gates):
    server = serve()
    whole = PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with connect(server) as client:
        client.sendall((whole + STATUS) * 50 + b"nonsense\r\n\r\n")
        found = closed(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"200"] * 100 + [b"400"]
    gates[0].wait_until_empty()


def test_bodies_that_do_not_arrive_take_no_place(serve):
    server = serve(waiting=2)
    slow = [connect(server) for _ in range(5)]
    for client in slow:
        client.sendall(PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY))
    assert asked(server) == 200
    for client in slow:
        client.sendall(BODY)
        assert answer(client)[0] == 200
        client.close()


def test_a_client_that_goes_is_not_answered(serve, gates, ask, monkeypatch):
    """Its body has come in part, and that part is a request by itself."""
    server = serve()
    predicted = []
    predict = rest._Rest._predict

    def seen(self, *arguments):
        predicted.append(arguments)
        return predict(self, *arguments)

    monkeypatch.setattr(rest._Rest, "_predict", seen)
    with connect(server) as client:
        client.sendall(PREDICT + b"Content-Length: 1000\r\n\r\n" + BODY)
    assert ask(server, "/v1/models/toy:predict", BODY)[0] == 200
    assert len(predicted) == 1
    gates[0].wait_until_empty()


def test_grpc_connections_that_say_nothing_are_closed_and_counted(toys):
    limits = Limits(headers=0.1, connections=3)
    with Server(toys, port=0, grpc_port=0, limits=limits, say=lambda line: None) as server:
        clients = [
            socket.create_connection(("127.0.0.1", server.grpc_port), timeout=30) for _ in range(4)
        ]
        # The settings of HTTP/2, but not for the fourth.
        assert [bool(closed(client)) for client in clients] == [True] * 3 + [False]
        for client in clients:
            client.close()


def test_grpc_requests_without_a_message_take_no_place(toys):
    """Frames of HTTP/2 by hand: the settings, and the headers of requests that never end."""
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
            # Each of them is cancelled: by its status, or by a frame that ends the stream.
            found = b""
            while found.count(b"grpc-status") + found.count(b"\0\0\4\3") < 3:
                assert (part := client.recv(2**16))
                found += part
