"""A lock that lets one process at a time write to a folder."""

import contextlib
import errno
import os
import pathlib
import sys

from kerasrec.errors import InputError

LOCK = ".lock"
# Prefix of the names of unfinished files, see `replacing`.
WRITING = ".writing-"
# Errors of a file system without locks, which never refuses a process.
UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
# Windows makes a locked byte unreadable: it is far behind the process id.
BYTE = 2**30


class FolderLock:
    """Locks a folder for this process until `release` or the end of the process.

    The operating system keeps the lock, on the open file `.lock` in the folder. A killed process
    therefore holds no lock, and a copy of the folder is not locked. `release` removes the file; a
    file that a killed process has left has no effect.

    Args:
        folder: Made if missing.

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
        """Whether this process holds the lock."""
        return self._file is not None

    def take(self):
        """Takes the lock.

        Raises:
            InputError: if another process holds it, with the id of that process.
            OSError: if the folder cannot be written.
        """
        while self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                file = open(self._path, "a+b")
            except FileNotFoundError:  # another process has just removed the folder
                continue
            if not _locked(file):
                with file:
                    raise InputError(f"{self.folder} is in use by process {_holder(file)}")
            if _is(file, self._path):
                self._file = file
            else:
                file.close()
        with contextlib.suppress(OSError):  # a full disk: the lock is held without the id
            self._file.truncate(0)
            self._file.write(str(os.getpid()).encode())
            self._file.flush()

    def release(self):
        """Releases the lock, if it is held; the folder stays."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with contextlib.suppress(OSError), contextlib.ExitStack() as last:
            if sys.platform == "win32":
                file.close()  # an open file cannot be removed there
            else:
                # Removed before it is closed: else another process may hold it by then.
                last.callback(file.close)
            self._path.unlink()

    def __enter__(self):
        self.take()
        return self

    def __exit__(self, *error):
        self.release()


def is_unused(folder, ignored=()):
    """Whether a folder holds only a lock and the unfinished files of a killed process.

    Args:
        folder: It may be missing.
        ignored: Names of files that do not count.
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
    """Whether an open file is still the file at that path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
