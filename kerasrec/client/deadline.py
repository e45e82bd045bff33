"""urllib3 connections with one deadline for a whole request.

The timeouts of urllib3 are for a single socket operation. A server that sends a byte now and then
could block a client forever, and so could a host name with many addresses.
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
    """Context manager that sets the deadline of all `connections` inside it.

    The deadline holds for connecting, the TLS handshake, writing, and reading headers and body.
    Resolving a host name has the timeout of the system.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_over():
    """Whether the deadline has passed."""
    return time.monotonic() >= _deadline.get()


def connections(secure):
    """Makes a `urllib3.PoolManager` that can be used inside `within` only.

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


def _remaining():
    seconds = _deadline.get() - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is used up")
    return seconds


class _WithDeadline:
    """Mixin: a socket whose operations all end at the deadline."""

    def recv_into(self, *arguments):
        self.settimeout(_remaining())
        return super().recv_into(*arguments)

    def send(self, *arguments):
        self.settimeout(_remaining())
        return super().send(*arguments)

    def sendall(self, *arguments):
        self.settimeout(_remaining())
        return super().sendall(*arguments)


class _Socket(_WithDeadline, socket.socket):
    pass


class _SecureSocket(_WithDeadline, ssl.SSLSocket):
    pass


class _ConnectWithDeadline:
    """Mixin: a connection that tries all addresses of a host within the deadline."""

    def _new_conn(self):
        try:
            addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = _Socket(family, kind, protocol)
            try:
                sock.settimeout(_remaining() / (len(addresses) - number))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(_remaining())
                return sock
            except OSError as error:
                sock.close()
                failed = error
        if isinstance(failed, TimeoutError):
            raise ConnectTimeoutError(self, str(failed)) from failed
        raise NewConnectionError(self, str(failed)) from failed


class _Connection(_ConnectWithDeadline, HTTPConnection):
    pass


class _SecureConnection(_ConnectWithDeadline, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
