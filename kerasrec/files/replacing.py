"""Atomic replacement of files and folders."""

import contextlib
import pathlib
import shutil

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import LOCK, WRITING, FolderLock

PREVIOUS = ".previous-"


@contextlib.contextmanager
def replacing(path):
    """A path to write to, which is renamed to `path` when the block ends without an error.

    The block may write a file or a folder. After a full disk or in a stopped process the earlier
    content of `path` remains; `surviving` finds it. Leftovers of a killed process are removed.

    Raises:
        InputError: if the disk is full or cannot be written, or another process is writing to the
            same path.

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replacing(target) as partial:
    ...     _ = partial.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = _named(path)
    lock = FolderLock(path.with_name(f"{WRITING}{path.name}"))
    # The same file name: some writers choose the format by the suffix, or append it.
    partial = lock.folder / path.name
    try:
        _take(lock, path)
        _restore(path)
        _empty(lock)
        yield partial
        _rename_to(partial, path)
    except OSError as error:
        reason = error.strerror or str(error)
        kept = f"; the earlier {path.name} is kept" if path.exists() else ""
        raise InputError(f"{path}: cannot be written: {reason}{kept}") from error
    finally:
        if lock.held:
            with contextlib.suppress(OSError):
                _clear(lock, path)
            lock.release()


def surviving(path):
    """The path of the last complete content of `path`, also after a kill during `replacing`.

    A process that is killed between the two renames of a folder leaves the earlier folder under
    another name, until the next write to `path`.
    """
    path = _named(path)
    previous = _previous(path)
    return previous if previous.exists() and not path.exists() else path


def remove_leftovers(folder):
    """Removes the unfinished files of killed processes from a folder, and restores earlier ones.

    Files that another process is writing are left alone.

    Raises:
        OSError: if the folder cannot be written.
    """
    folder = pathlib.Path(folder)
    found = [one.name for mark in (WRITING, PREVIOUS) for one in folder.glob(f"{mark}*")]
    for name in {name.removeprefix(WRITING).removeprefix(PREVIOUS) for name in found}:
        lock = FolderLock(folder / f"{WRITING}{name}")
        with contextlib.suppress(InputError), lock:
            _restore(folder / name)
            _clear(lock, folder / name)


def _named(path):
    """The path with a file name, which "." lacks."""
    path = pathlib.Path(path)
    return path if path.name else path.absolute()


def _take(lock, path):
    try:
        lock.take()
    except InputError as error:
        raise InputError(
            f"{path}: another process is writing it ({error}). Wait until it has ended, or name "
            "another path."
        ) from error


def _previous(path):
    return path.with_name(f"{PREVIOUS}{path.name}")


def _restore(path):
    """Restores the earlier folder after a kill between the two renames."""
    if surviving(path) != path:
        _previous(path).rename(path)


def _rename_to(partial, path):
    if not path.is_dir():
        partial.replace(path)
        return
    # No system call replaces a folder that is not empty.
    previous = _previous(path)
    _remove(previous)
    try:
        path.rename(previous)
        partial.rename(path)
    except BaseException:
        # Also Ctrl-C, which may arrive just after a rename.
        _restore(path)
        raise


def _clear(lock, path):
    _empty(lock)
    if path.exists():
        _remove(_previous(path))
    lock.release()
    # Another process may have taken the lock by now.
    with contextlib.suppress(OSError):
        lock.folder.rmdir()


def _empty(lock):
    for path in lock.folder.iterdir():
        if path.name != LOCK:
            _remove(path)


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
