"""stdout and stderr that may be closed, by us or by whoever reads them, at any time."""

import contextlib
import io
import os
import sys

CUT = 141  # what a shell says of a process that SIGPIPE ended: 128 + 13


@contextlib.contextmanager
def tolerant_streams():
    """A block in which writing to `sys.stdout` and `sys.stderr` never fails: it goes nowhere then.

    A model that is trained, or a server, does not end because its lines are read no more.

    Yields:
        The `TolerantStream` of stdout.
    """
    _open_missing()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams = [TolerantStream(stream) for stream in before]
    try:
        yield streams[0]
    finally:
        for stream in streams:
            stream.flush()
        sys.stdout, sys.stderr = before


class TolerantStream:
    """A text stream that drops what it cannot write; all else is the stream's own.

    Args:
        stream: Of Python; None, which Python has where there is no file descriptor, for nowhere.

    Attributes:
        error: Why something was dropped, an exception; None where nothing was.
    """

    def __init__(self, stream):
        self._stream, self.error = stream or _Nowhere(), None

    def __getattr__(self, name):
        return getattr(self._stream, name)

    # It is the stream, for absl's handler of logging, which closes all but `sys.stderr`.
    def __eq__(self, other):
        return other is self or other is self._stream

    def __hash__(self):
        return hash(self._stream)

    def write(self, text):
        """As of any stream."""
        self._try(self._stream.write, text)
        return len(text)

    def writelines(self, lines):
        """As of any stream."""
        self._try(self._stream.writelines, lines)

    def flush(self):
        """As of any stream."""
        self._try(self._stream.flush)

    def close(self):
        """Leaves the stream open: a handler of logging closes what it took for its own."""
        self.flush()

    def _try(self, call, *arguments):
        if self.error:
            return
        try:
            call(*arguments)
        except UnicodeError:
            raise
        except (OSError, ValueError) as error:  # nobody reads it, a full disk, it is closed
            self.error = error
            with contextlib.suppress(OSError, ValueError):
                # What is left in its buffer is written when Python ends.
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


class _Nowhere(io.TextIOBase):
    def write(self, text):
        return len(text)


def _open_missing():
    """Without this the first file that is opened, such as a model's, would be stderr to C++."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
