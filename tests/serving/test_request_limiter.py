"""Limits of requests and bodies, on servers with very small limits."""

import http.client
import json
import socket
import threading

import pytest

from kerasrec.serving import request_limiter
from kerasrec.serving.version import Version

BODY = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [1]}}
PREDICT = "/v1/models/toy:predict"


def test_a_body_above_the_limit(serve, ask):
    server = serve(body=1000)
    assert ask(server, PREDICT, BODY)[0] == 200
    for size in (1001, 5000, 50_000):
        status, answer = ask(server, PREDICT, b" " * size)
        assert (status, answer["error"]) == (
            413, "The body is larger than 0.000954 MiB: split the request."
        )  # fmt: skip


def test_a_chunked_body_above_the_limit(serve):
    server = serve(body=1000)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    parts = iter([b" " * 600] * 3)
    connection.request("POST", PREDICT, body=parts, encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_that_arrives_too_late(serve):
    server = serve(timeout=0.05)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\n"
                       b"Content-Length: 100\r\n\r\n{")  # fmt: skip
        answer = client.recv(10_000).decode()
    assert answer.startswith("HTTP/1.1 408")


@pytest.fixture
def blocked(monkeypatch):
    """Requests block inside the graph until `blocked.free` is set."""

    class Blocked:
        inside, free = threading.Semaphore(0), threading.Event()

    run = Version.run

    def wait(self, *arguments, **named):
        Blocked.inside.release()
        assert Blocked.free.wait(30)
        return run(self, *arguments, **named)

    monkeypatch.setattr(Version, "run", wait)
    yield Blocked
    Blocked.free.set()


def start(ask, server, answers):
    thread = threading.Thread(target=lambda: answers.append(ask(server, PREDICT, BODY)))
    thread.start()
    return thread


def test_too_many_requests_are_refused_and_the_others_answered(serve, ask, blocked):
    server, answers = serve(waiting=3), []
    clients = [start(ask, server, answers) for _ in range(3)]
    for _ in clients:
        assert blocked.inside.acquire(timeout=30)
    status, answer = ask(server, "/v1/models/toy")
    assert (status, answer["error"]) == (503, "3 requests wait already: try again in a moment.")
    blocked.free.set()
    for client in clients:
        client.join(30)
    assert [status for status, _ in answers] == [200] * 3
    assert ask(server, PREDICT, BODY)[0] == 200


def test_the_total_size_of_bodies_is_limited(serve, ask, blocked):
    server, answers = serve(waiting_bytes=100), []
    assert len(json.dumps(BODY)) > 50
    client = start(ask, server, answers)
    assert blocked.inside.acquire(timeout=30)
    status, answer = ask(server, PREDICT, BODY)
    assert status == 503 and "MiB of requests wait already" in answer["error"]
    blocked.free.set()
    client.join(30)
    assert answers[0][0] == 200
    assert ask(server, PREDICT, BODY)[0] == 200


@pytest.mark.parametrize("grace,status", [(1000.0, 503), (-1000.0, 200)])
def test_a_slow_body_does_not_reserve_memory_forever(serve, ask, monkeypatch, grace, status):
    monkeypatch.setattr(request_limiter, "GRACE", grace)  # from then on a body counts as slow
    server = serve(waiting_bytes=100)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        slow.sendall(b"POST /v1/models/toy:predict HTTP/1.1\r\nHost: localhost\r\n"
                     b"Expect: 100-continue\r\nContent-Length: 99\r\n\r\n")  # fmt: skip
        assert slow.recv(1000).startswith(b"HTTP/1.1 100")  # its body is being read
        assert ask(server, PREDICT, BODY)[0] == status
        slow.sendall(b" " * 99)
        answer = slow.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 503" if status == 200 else b"HTTP/1.1 400")
    assert ask(server, PREDICT, BODY)[0] == 200


def test_a_request_that_waits_too_long_for_a_thread(serve, ask, blocked):
    server, answers = serve(threads=1, timeout=0.3), []
    first = start(ask, server, answers)
    assert blocked.inside.acquire(timeout=30)
    second = start(ask, server, answers)
    second.join(0.5)
    blocked.free.set()
    first.join(30), second.join(30)
    assert sorted(status for status, _ in answers) == [200, 504]
