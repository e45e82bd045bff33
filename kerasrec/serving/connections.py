"""Which connections are open, and who makes room for one more."""

import collections


class Connections:
    """The open HTTP connections, of all and of each address within a bound.

    One over the bound closes the connection that has waited longest without asking: one that never
    asked, or one kept alive since its last answer. A connection with a request is never closed, so
    a crowd of silent ones costs those who ask nothing but a new connection now and then.

    Args:
        limits: A `Limits`.
    """

    def __init__(self, limits):
        self._most, self._most_of_one = bounds(limits)
        self._open, self._of_one = {}, collections.Counter()
        self._waiting = {}  # connection -> None, the longest first

    def opened(self, connection, address):
        """Lets one in, and closes another, or it, where that is one too many."""
        self._open[connection] = address
        self._of_one[address] += 1
        self._waiting[connection] = None
        if self._of_one[address] > self._most_of_one:
            self._close_one_of(address)
        elif len(self._open) > self._most:
            self._close_one_of(None)

    def asked(self, connection):
        """It has a request, which will be answered."""
        self._waiting.pop(connection, None)

    def answered(self, connection):
        """It waits again."""
        if connection in self._open:
            self._waiting[connection] = None

    def lost(self, connection):
        """It is closed, by whomever."""
        if connection in self._open:
            address = self._open.pop(connection)
            self._waiting.pop(connection, None)
            self._of_one[address] -= 1
            if not self._of_one[address]:
                del self._of_one[address]

    def _close_one_of(self, address):
        for connection in self._waiting:
            if address in (None, self._open[connection]):
                self.lost(connection)
                connection.give_way()
                return


def bounds(limits):
    """How many connections a protocol may have, and how many of them one address.

    REST and gRPC take three eighths each of the files that this process may open: the rest is for
    the files of a model and for connections that are accepted before another is closed.
    """
    most = limits.connections
    try:
        import resource
    except ImportError:  # Windows has no such bound.
        return most, limits.address_connections
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY:
        most = min(most, files * 3 // 8)
    return most, min(limits.address_connections, most * 5 // 6)
