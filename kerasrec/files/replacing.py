"""Files and folders that are there whole or not at all."""

import contextlib
import pathlib
import shutil

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import LOCK, WRITING, FolderLock

PREVIOUS = ".previous-"


@contextlib.contextmanager
def replacing(path):
    """A path to write to, which takes the place of `path` when the block ends without an error.

    What is written may be a file or a folder. A full disk or a stopped process leaves what was at
    `path` before; `surviving` finds it. What a killed process has left is removed.

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
    # Under its own name: some writers choose the format by the suffix, or append it.
    partial = lock.folder / path.name
    try:
        lock.take()
        _settle(path)
        _empty(lock)
        yield partial
        _take_place(partial, path)
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
    """Where what `replacing` has written to `path` is: there, or what a kill has left of it.

    A process that is killed between the two renames of a folder leaves the earlier one under
    another name, until somebody writes to `path` again.
    """
    path = _named(path)
    previous = _previous(path)
    return previous if previous.exists() and not path.exists() else path


def remove_leftovers(folder):
    """Removes from a folder what killed processes have left half written, and puts back the rest.

    What another process is writing at this moment is left alone.

    Raises:
        OSError: if the folder cannot be written.
    """
    folder = pathlib.Path(folder)
    found = [one.name for mark in (WRITING, PREVIOUS) for one in folder.glob(f"{mark}*")]
    for name in {name.removeprefix(WRITING).removeprefix(PREVIOUS) for name in found}:
        lock = FolderLock(folder / f"{WRITING}{name}")
        with contextlib.suppress(InputError), lock:
            _settle(folder / name)
            _clear(lock, folder / name)


def _named(path):
    """The path, of which a name is needed: "." has none."""
    path = pathlib.Path(path)
    return path if path.name else path.absolute()


def _previous(path):
    return path.with_name(f"{PREVIOUS}{path.name}")


def _settle(path):
    """Puts back what was there before a kill between the two renames."""
    if surviving(path) != path:
        _previous(path).rename(path)


def _take_place(partial, path):
    if not path.is_dir():
        partial.replace(path)
        return
    # No system call replaces a folder that holds something.
    previous = _previous(path)
    _remove(previous)
    try:
        path.rename(previous)
        partial.rename(path)
    except BaseException:
        # Ctrl-C as well, and it may come when a rename is just done.
        _settle(path)
        raise


def _clear(lock, path):
    _empty(lock)
    if path.exists():
        _remove(_previous(path))
    lock.release()
    # Another process may have taken it in this moment.
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
