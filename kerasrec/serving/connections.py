"""Limits the number of open HTTP connections, in total and by address."""

import collections


class Connections:
    """Tracks the open HTTP connections and closes idle ones above the limits.

    A connection above a limit closes the connection that has been idle longest: one that never sent
    a request, or a kept-alive one since its last answer. A connection with a request in progress is
    never closed. So many idle connections cost other clients at most a reconnect.

    Args:
        limits: A `Limits`.
    """

    def __init__(self, limits):
        self._max_total, self._max_per_address = connection_limits(limits)
        self._open, self._per_address = {}, collections.Counter()
        self._idle = {}  # connection -> None, the longest idle first

    def add(self, connection, address):
        """Registers an open connection; closes an idle one if there are too many."""
        self._open[connection] = address
        self._per_address[address] += 1
        self._idle[connection] = None
        if self._per_address[address] > self._max_per_address:
            self._close_idle(address)
        elif len(self._open) > self._max_total:
            self._close_idle(None)

    def mark_busy(self, connection):
        """Records that a connection has a request in progress."""
        self._idle.pop(connection, None)

    def mark_idle(self, connection):
        """Records that a connection waits for its next request."""
        if connection in self._open:
            self._idle[connection] = None

    def remove(self, connection):
        """Forgets a connection that is closed."""
        if connection in self._open:
            address = self._open.pop(connection)
            self._idle.pop(connection, None)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def _close_idle(self, address):
        for connection in self._idle:
            if address in (None, self._open[connection]):
                self.remove(connection)
                connection.close()
                return


def connection_limits(limits):
    """Returns the maximum number of connections of a protocol, in total and per address.

    REST and gRPC each get three eighths of the files that this process may open. The rest is for
    the files of a model and for connections that are accepted before another one is closed.
    """
    most = limits.connections
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return most, limits.address_connections
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY:
        most = min(most, files * 3 // 8)
    return most, min(limits.address_connections, most * 5 // 6)
