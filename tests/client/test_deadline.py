"""A call ends at its deadline, however slowly a server sends."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
from urllib3.exceptions import HTTPError

import kerasrec
from kerasrec.client import ServingError
from kerasrec.client.deadline import connections, within

TIMEOUT = 0.3
HEAD = b"HTTP/1.1 200 OK\r\n"
# Each byte or line comes in time, but not all of them together.
DRIPS = {
    "status line": (b"", b"H"),
    "headers": (HEAD, b"x"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "body without an end": (HEAD + b"\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n", b"X: y\r\n"),
    "nothing": (b"", b""),
}


@pytest.fixture
def dripping():
    """`dripping(first, drip, wrap)` -> port: sends `first`, then `drip` until disconnection."""
    with contextlib.ExitStack() as stack:

        def serve(listening, first, drip, wrap, done):
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with wrap(connection) as connection:
                    connection.recv(2**16)
                    connection.sendall(first)
                    while not done.wait(0.02):
                        connection.sendall(drip)

        def start(first, drip, wrap=lambda connection: connection):
            done = threading.Event()
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=serve, args=(listening, first, drip, wrap, done))
            thread.start()
            stack.callback(thread.join)
            stack.callback(done.set)
            return listening.getsockname()[1]

        yield start


def ends_in_time(client):
    start = time.monotonic()
    with pytest.raises(ServingError, match="in time"):
        client.status()
    # The timeout was used once and not twice; a busy machine may be late.
    assert TIMEOUT - 0.01 <= time.monotonic() - start < TIMEOUT + 5


@pytest.mark.slow
@pytest.mark.parametrize("drips", DRIPS)
def test_a_slow_answer_ends_at_the_deadline(dripping, drips):
    url = f"http://127.0.0.1:{dripping(*DRIPS[drips])}"
    with kerasrec.Client(url, model="toy", timeout=TIMEOUT) as client:
        ends_in_time(client)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Files of a certificate of 127.0.0.1 and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    files = [str(folder / name) for name in ("certificate.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


@pytest.fixture
def secured(certificate, monkeypatch):
    """Wraps a server's connection in TLS, which clients trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    return lambda connection: context.wrap_socket(connection, server_side=True)


@pytest.mark.parametrize("drips", ["headers", "continue", "body", "nothing"])
def test_a_slow_answer_over_tls_ends_at_the_deadline(dripping, secured, drips):
    port = dripping(*DRIPS[drips], secured)
    with kerasrec.Client(f"https://127.0.0.1:{port}", model="toy", timeout=TIMEOUT) as client:
        ends_in_time(client)


def test_tls_answers(dripping, secured):
    text = b'{"model_version_status": []}'
    port = dripping(HEAD + b"Content-Length: %d\r\n\r\n" % len(text) + text, b"", secured)
    with kerasrec.Client(f"https://127.0.0.1:{port}", model="toy", timeout=20) as client:
        assert client.status() == []


def test_an_untrusted_certificate_is_refused(dripping, certificate, secured, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    port = dripping(b"", b"", secured)
    with kerasrec.Client(f"https://127.0.0.1:{port}", model="toy", timeout=20) as client:
        with pytest.raises(ServingError, match="has no trusted certificate"):
            client.status()


def test_a_slow_handshake_ends_at_the_deadline(dripping):
    # The beginning of a TLS record of maximum length.
    port = dripping(b"\x16\x03\x03\x40\x00", b"\x02")
    with kerasrec.Client(f"https://127.0.0.1:{port}", model="toy", timeout=TIMEOUT) as client:
        ends_in_time(client)


def test_a_body_that_is_not_read_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pool = connections(secure=False)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        start = time.monotonic()
        with within(TIMEOUT), pytest.raises(HTTPError):
            pool.request("POST", url, body=b"x" * (1 << 26), retries=False)
        assert time.monotonic() - start < TIMEOUT + 5
        pool.clear()


def test_all_addresses_of_a_host_share_the_deadline(monkeypatch):
    """Three addresses that do not answer, and one that does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        here = listening.getsockname()
        places = [("10.255.255.1", 1), ("10.255.255.2", 1), ("10.255.255.3", 1), here]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        connect, waited = socket.socket.connect, []

        def silent(self, place):
            if place == here:
                return connect(self, place)
            waited.append(self.gettimeout())
            raise TimeoutError("timed out")

        monkeypatch.setattr(socket.socket, "connect", silent)
        with kerasrec.Client("http://many.example", model="toy", timeout=TIMEOUT) as client:
            ends_in_time(client)
    shares = [TIMEOUT / 4, TIMEOUT / 3, TIMEOUT / 2]
    assert waited == [pytest.approx(share, abs=0.1) for share in shares]


def test_a_server_without_tls(dripping):
    port = dripping(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"")
    with kerasrec.Client(f"https://127.0.0.1:{port}", model="toy", timeout=20) as client:
        with pytest.raises(ServingError, match="the TLS handshake with"):
            client.status()
