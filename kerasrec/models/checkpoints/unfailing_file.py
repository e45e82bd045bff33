"""A file object for HDF5 that records write errors instead of raising them."""

import io

PAGE = 2**12
# Longer writes are arrays, which HDF5 never reads back.
MAX_KEPT = 2**20


class UnfailingFile(io.BytesIO):
    """Writes to a file. After the first failed write it stores the error and accepts all writes.

    HDF5 crashes the process at exit if it cannot flush the rest of a file, so the error is hidden
    from it. After the error, short writes are kept in memory, since HDF5 reads them back; long ones
    are dropped. It is a `BytesIO` because Keras accepts no other open file for its weights.

    Args:
        file: Binary file, open for reading and writing, not buffered.
        name: Shown to Keras as the path.

    Attributes:
        error: The first `OSError`, or None.
    """

    def __init__(self, file, name):
        super().__init__()
        self._file, self._name = file, name
        self._position = self._size = 0
        self._pages = {}
        self.error = None

    def __str__(self):
        return self._name

    def seek(self, offset, whence=io.SEEK_SET):
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = offset + origins[whence]
        return self._position

    def tell(self):
        return self._position

    def readinto(self, buffer):
        view = memoryview(buffer).cast("B")
        self._read(view, self._position)
        for offset, page, start in self._page_parts(len(view)):
            if page in self._pages:
                kept = self._pages[page][start : start + len(view) - offset]
                view[offset : offset + len(kept)] = kept
        self._position += len(view)
        return len(view)

    def write(self, data):
        view = memoryview(data).cast("B")
        if self.error is None:
            try:
                self._write(view)
            except OSError as error:
                self.error = error
        if self.error is not None and len(view) <= MAX_KEPT:
            for offset, page, start in self._page_parts(len(view)):
                part = view[offset : offset + PAGE - start]
                self._page(page)[start : start + len(part)] = part
        self._position += len(view)
        self._size = max(self._size, self._position)
        return len(view)

    def truncate(self, size=None):
        self._size = self._position if size is None else size
        if self.error is None:
            try:
                self._file.truncate(self._size)
            except OSError as error:
                self.error = error
        return self._size

    def close(self):
        """Does nothing: HDF5 may use the file after Python has released it."""

    def _write(self, view):
        if self._file.closed:
            raise OSError("the file is closed")
        self._file.seek(self._position)
        while len(view):
            view = view[self._file.write(view) :]

    def _read(self, view, position):
        """Fills `view` from the file at `position`, with zeros beyond its end."""
        count = 0
        if not self._file.closed:
            self._file.seek(position)
            count = self._file.readinto(view)
        view[count:] = bytes(len(view) - count)

    def _page(self, number):
        if number not in self._pages:
            page = self._pages[number] = bytearray(PAGE)
            self._read(memoryview(page), number * PAGE)
        return self._pages[number]

    def _page_parts(self, length):
        """Yields (offset in the data, page number, offset in the page) of each page touched."""
        end = self._position + length
        for page in range(self._position // PAGE, -(-end // PAGE)):
            begin = max(page * PAGE, self._position)
            yield begin - self._position, page, begin % PAGE
