"""A folder that one process at a time writes to."""

import contextlib
import errno
import os
import pathlib
import sys

from kerasrec.errors import InputError

LOCK = ".lock"
# Beginning of the name of what is half written, see `replacing`.
WRITING = ".writing-"
# What a file system without locks answers; there nothing can be held.
UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
# Windows locks bytes, and nobody can read them: one far behind the process id.
BYTE = 2**30


class FolderLock:
    """Holds a folder for this process until it lets go or ends, however it ends.

    The operating system keeps the lock, on the open file `.lock` in the folder. So a process that
    was killed holds nothing, and a copy of the folder is free. The file goes with the lock; one
    that is left is of a killed process, and says nothing.

    Args:
        folder: Made where there is none.

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with FolderLock(folder):
    ...     try:
    ...         FolderLock(folder).take()
    ...     except InputError:
    ...         print("refused")
    refused
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._path, self._file = self.folder / LOCK, None

    @property
    def held(self):
        """Whether this lock holds the folder."""
        return self._file is not None

    def take(self):
        """Holds the folder.

        Raises:
            InputError: if another process does, with its id.
            OSError: if the folder cannot be written.
        """
        while self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                file = open(self._path, "a+b")
            except FileNotFoundError:  # it went with the lock of another, at this moment
                continue
            if not _locked(file):
                with file:
                    raise InputError(f"{self.folder} is in use by process {_holder(file)}")
            if _is(file, self._path):
                self._file = file
            else:
                file.close()
        with contextlib.suppress(OSError):  # of a full disk: it is held all the same
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
            self._file.flush()

    def release(self):
        """Lets go, if it is held; the folder stays."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with contextlib.suppress(OSError), contextlib.ExitStack() as last:
            if sys.platform == "win32":
                file.close()  # an open file cannot be removed there
            else:
                # Held while it goes: else it might be another's by then.
                last.callback(file.close)
            self._path.unlink()

    def __enter__(self):
        self.take()
        return self

    def __exit__(self, *error):
        self.release()


def is_unused(folder, ignored=()):
    """Whether a folder holds nothing but a lock and what a killed process has left half written.

    Args:
        folder: It need not exist.
        ignored: Names that do not count.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        return not folder.exists()
    names = (path.name for path in folder.iterdir())
    return all(name in (LOCK, *ignored) or name.startswith(WRITING) for name in names)


def _locked(file):
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in UNKNOWN
    return True


def _holder(file):
    try:
        file.seek(0)
        return file.read(20).decode() or "unknown"
    except (OSError, UnicodeDecodeError):
        return "unknown"


def _is(file, path):
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
