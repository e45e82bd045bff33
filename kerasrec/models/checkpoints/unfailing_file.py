"""A file for HDF5 to write to, whose disk may be full."""

import io

PAGE = 2**12
# Longer writes are the numbers of a table, which HDF5 never reads back.
LONGEST_KEPT = 2**20


class UnfailingFile(io.BytesIO):
    """Writes to a file, and once that has failed pretends to; the error is kept in `error`.

    HDF5 crashes the process at its end if a file refuses what is left to be written, so it never
    learns of it: after the error what it writes is kept in memory, for what it reads back, but not
    the long writes. A `BytesIO` because Keras takes no other open file for its weights.

    Args:
        file: Open for reading and writing in binary, not buffered.
        name: What Keras is to take for the path.

    Attributes:
        error: The first `OSError`, None so far.
    """

    def __init__(self, file, name):
        super().__init__()
        self._file, self._name = file, name
        self._at = self._end = 0
        self._pages = {}
        self.error = None

    def __str__(self):
        return self._name

    def seek(self, offset, whence=io.SEEK_SET):
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        return self._at

    def tell(self):
        return self._at

    def readinto(self, buffer):
        view = memoryview(buffer).cast("B")
        self._read(view, self._at)
        for place, page, start in self._parts(len(view)):
            if page in self._pages:
                kept = self._pages[page][start : start + len(view) - place]
                view[place : place + len(kept)] = kept
        self._at += len(view)
        return len(view)

    def write(self, data):
        view = memoryview(data).cast("B")
        if self.error is None:
            try:
                self._write(view)
            except OSError as error:
                self.error = error
        if self.error is not None and len(view) <= LONGEST_KEPT:
            for place, page, start in self._parts(len(view)):
                part = view[place : place + PAGE - start]
                self._page(page)[start : start + len(part)] = part
        self._at += len(view)
        self._end = max(self._end, self._at)
        return len(view)

    def truncate(self, size=None):
        self._end = self._at if size is None else size
        if self.error is None:
            try:
                self._file.truncate(self._end)
            except OSError as error:
                self.error = error
        return self._end

    def close(self):
        """Does nothing: HDF5 may come back when Python has long let go of it."""

    def _write(self, view):
        if self._file.closed:
            raise OSError("the file is closed")
        self._file.seek(self._at)
        while len(view):
            view = view[self._file.write(view) :]

    def _read(self, view, at):
        """What the file holds there, zeros where it ends."""
        done = 0
        if not self._file.closed:
            self._file.seek(at)
            done = self._file.readinto(view)
        view[done:] = bytes(len(view) - done)

    def _page(self, number):
        if number not in self._pages:
            page = self._pages[number] = bytearray(PAGE)
            self._read(memoryview(page), number * PAGE)
        return self._pages[number]

    def _parts(self, length):
        """(place in what is read or written, number of the page, place in it)."""
        end = self._at + length
        for page in range(self._at // PAGE, -(-end // PAGE)):
            begin = max(page * PAGE, self._at)
            yield begin - self._at, page, begin % PAGE
