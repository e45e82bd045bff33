"""Numbered versions of a model in one folder, as TF Serving watches it."""

import contextlib
import pathlib
import shutil

from kerasrec.errors import InputError
from kerasrec.files.replacing import remove_leftovers

CLAIM, REMOVED = ".version-", ".removed-"
LARGEST = (1 << 63) - 1  # TF Serving keeps the number of a version as an int64


@contextlib.contextmanager
def new_version(folder, number=None, keep=None):
    """The path of a version that is not there yet, for the block to make; then old ones go.

    A number is never given twice, not after its version was removed, nor to two at the same time:
    an empty file `.version-<number>` claims it, and stays. Servers look at names of digits alone.
    What killed processes have left half written or half removed goes first.

    Args:
        folder: Of the model, such as `saved_models/hybrid`.
        number: The number, above all that there were; None for the next one.
        keep: How many versions are kept, the newest; None for all.

    Raises:
        InputError: for a number that is or was taken, or a `keep` below 1.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for _ in range(3):
    ...     with new_version(folder, keep=2) as path:
    ...         path.mkdir()
    >>> versions(folder)
    [2, 3]
    """
    folder = pathlib.Path(folder)
    if keep is not None and keep < 1:
        raise InputError(f"keep must be at least 1: got {keep}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        for removed in folder.glob(f"{REMOVED}*"):
            shutil.rmtree(removed, ignore_errors=True)  # another export may be at it
        number = _claim(folder, number)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    yield folder / str(number)
    if keep is not None:
        for number, old in sorted(_folders(folder).items())[:-keep]:
            _remove(old, folder / f"{REMOVED}{number}")


def is_version(name):
    """Whether a folder of that name is a version: ASCII digits, of a number that a server takes.

    >>> [is_version(name) for name in ("7", "-7", "٧", "9223372036854775808")]
    [True, False, False, False]
    """
    # Python refuses to read a number of thousands of digits.
    digits = name.isascii() and name.isdecimal() and len(name) <= len(str(LARGEST))
    return digits and int(name) <= LARGEST


def versions(folder):
    """The numbers of the versions in a folder, the newest last."""
    return sorted(_folders(pathlib.Path(folder)))


def _folders(folder):
    """Number -> folder: it may be named 007."""
    found = (path for path in folder.glob("*") if is_version(path.name) and path.is_dir())
    return {int(path.name): path for path in found}


def find_version(path):
    """The folder of a version: the path itself, or the newest version in it.

    Raises:
        InputError: if it is neither.
    """
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    found = _folders(path) if path.is_dir() else {}
    if not found:
        raise InputError(
            f"{path} holds no export: give the folder of a version, such as saved_models/hybrid/1, "
            "or that of its model"
        )
    return found[max(found)]


def _claim(folder, number):
    claims = (path.name.removeprefix(CLAIM) for path in folder.glob(f"{CLAIM}*"))
    claimed = [int(name) for name in claims if is_version(name)]
    highest = max([0, *versions(folder), *claimed])
    if number is not None and number <= highest:
        raise InputError(
            f"{folder}: version {number} is or was there, and numbers are not used again: the next "
            f"one is {highest + 1}"
        )
    while True:
        wanted = highest + 1 if number is None else number
        if wanted > LARGEST:
            raise InputError(
                f"{folder}: version {wanted} is above {LARGEST}, the largest that a server takes"
            )
        try:
            (folder / f"{CLAIM}{wanted}").touch(exist_ok=False)
        except FileExistsError:  # somebody else's, at this moment
            if number is not None:
                raise InputError(f"{folder}: version {number} is being written") from None
            highest += 1
        else:
            # The older claims stay: an export that looked before this one may try their numbers.
            return wanted


def _remove(version, hidden):
    # Out of sight first: a server that looks never sees half a version.
    with contextlib.suppress(FileNotFoundError):  # another export has removed it
        version.rename(hidden)
        shutil.rmtree(hidden)
