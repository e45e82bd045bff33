"""A folder of results belongs to one process at a time, from its start or after a kill."""

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import is_unused
from kerasrec.files.replacing import remove_leftovers

RESUME = "choose another folder, or go on in it with --resume"


def check_unused(path, ignored=(), advice=RESUME):
    """Raises an `InputError` if there is something in a folder.

    A process that was killed before it wrote anything has left nothing.

    Args:
        path: Of the folder.
        ignored: Names that do not count.
        advice: What to do then, for the message.
    """
    if not is_unused(path, ignored):
        raise InputError(f"{path} exists already: {advice}")


def claim_new(lock, ignored=(), advice=RESUME):
    """Makes a folder, and locks it until `lock.release()`.

    Args:
        lock: `FolderLock`.
        ignored, advice: As for `check_unused`.

    Raises:
        InputError: if it is used already, locked by another process, or the disk cannot be written.
    """
    check_unused(lock.folder, ignored, advice)
    _take(lock)
    check_unused(lock.folder, ignored, advice)  # another process may have been faster


def claim_existing(lock):
    """Locks a folder that another process has left, and removes what it left half written.

    Raises:
        InputError: if another process has locked it, or the disk cannot be written.
    """
    _take(lock)


def _take(lock):
    try:
        lock.take()
        remove_leftovers(lock.folder)
    except OSError as error:
        raise InputError(f"{lock.folder} cannot be written: {error.strerror}") from error
