"""Connections of urllib3 on which everything ends at one moment.

urllib3's timeouts are for one operation of a socket: a server that sends a byte now and then keeps
a client for ever, and so does a name with many addresses.
"""

import contextlib
import contextvars
import socket
import ssl
import time

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

_deadline = contextvars.ContextVar("deadline")


@contextlib.contextmanager
def within(seconds):
    """What a connection of `connections` does inside of it ends after that time.

    Connecting, the handshake of TLS, writing, and reading headers and body alike; looking a name up
    is the system's, and has the system's timeout.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_over():
    """Whether the time is used up."""
    return time.monotonic() >= _deadline.get()


def connections(secure):
    """A `urllib3.PoolManager`, usable inside of `within` only.

    Args:
        secure: Whether to load the system's certificates, for https.
    """
    context = None
    if secure:
        context = ssl.create_default_context()
        context.sslsocket_class = _SecureSocket
    manager = urllib3.PoolManager(maxsize=16, ssl_context=context)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


def _left():
    seconds = _deadline.get() - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is used up")
    return seconds


class _Timed:
    """A socket whose operations together take no longer than what is left."""

    def recv_into(self, *arguments):
        self.settimeout(_left())
        return super().recv_into(*arguments)

    def send(self, *arguments):
        self.settimeout(_left())
        return super().send(*arguments)

    def sendall(self, *arguments):
        self.settimeout(_left())
        return super().sendall(*arguments)


class _Socket(_Timed, socket.socket):
    pass


class _SecureSocket(_Timed, ssl.SSLSocket):
    pass


class _Connecting:
    """A connection that tries all addresses of a name in the time that one would have."""

    def _new_conn(self):
        try:
            places = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error
        for number, (family, kind, protocol, _, place) in enumerate(places):
            sock = _Socket(family, kind, protocol)
            try:
                sock.settimeout(_left() / (len(places) - number))
                sock.connect(place)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(_left())
                return sock
            except OSError as error:
                sock.close()
                failed = error
        if isinstance(failed, TimeoutError):
            raise ConnectTimeoutError(self, str(failed)) from failed
        raise NewConnectionError(self, str(failed)) from failed


class _Connection(_Connecting, HTTPConnection):
    pass


class _SecureConnection(_Connecting, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
