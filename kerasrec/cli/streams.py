"""stdout and stderr that may be closed at any time, by this process or by the reader."""

import contextlib
import io
import os
import sys

CUT = 141  # the exit status of a process that SIGPIPE ended: 128 + 13


@contextlib.contextmanager
def tolerant_streams():
    """A context in which writing to `sys.stdout` and `sys.stderr` never fails.

    What cannot be written is dropped, so a training or a server continues without a reader.

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
    """A text stream that drops what it cannot write; other methods are those of the stream.

    Args:
        stream: Python's stream; None, which Python has without a file descriptor, drops all.

    Attributes:
        error: The exception because of which text was dropped; None if none was.
    """

    def __init__(self, stream):
        self._stream, self.error = stream or _Nowhere(), None

    def __getattr__(self, name):
        return getattr(self._stream, name)

    # Equal to the stream, for absl's logging handler closes every stream but `sys.stderr`.
    def __eq__(self, other):
        return other is self or other is self._stream

    def __hash__(self):
        return hash(self._stream)

    def write(self, text):
        """Writes a text, or drops it."""
        self._try(self._stream.write, text)
        return len(text)

    def writelines(self, lines):
        """Writes lines, or drops them."""
        self._try(self._stream.writelines, lines)

    def flush(self):
        """Flushes the stream, if it still works."""
        self._try(self._stream.flush)

    def close(self):
        """Flushes and leaves the stream open, which a logging handler may want to close."""
        self.flush()

    def _try(self, call, *arguments):
        if self.error:
            return
        try:
            call(*arguments)
        except UnicodeError:
            raise
        except (OSError, ValueError) as error:  # no reader, a full disk, a closed stream
            self.error = error
            with contextlib.suppress(OSError, ValueError):
                # Python writes the rest of the buffer when it ends.
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


class _Nowhere(io.TextIOBase):
    def write(self, text):
        return len(text)


def _open_missing():
    """Opens missing file descriptors 0 to 2, or C++ would print to the next opened file."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
