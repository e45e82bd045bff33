"""Numbered versions of a model in one folder, in the layout of TF Serving."""

import contextlib
import pathlib
import shutil

from kerasrec.errors import InputError
from kerasrec.files.replacing import remove_leftovers

CLAIM, REMOVED = ".version-", ".removed-"
LARGEST = (1 << 63) - 1  # TF Serving stores the version number as an int64


@contextlib.contextmanager
def new_version(folder, number=None, keep=None):
    """Context manager: yields the path of a new version to write, then removes old versions.

    A number is used only once, even after its version was removed and with concurrent exports: an
    empty file `.version-<number>` claims it and stays. Servers ignore names that are not digits.
    Partial folders of killed processes are removed first.

    Args:
        folder: The folder of the model, such as `saved_models/hybrid`.
        number: Version number, larger than all before; None for the next one.
        keep: Number of newest versions to keep; None for all.

    Raises:
        InputError: for a number that is or was used, or a `keep` below 1.

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
            shutil.rmtree(removed, ignore_errors=True)  # another export may be removing it
        number = claim_version(folder, number)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    yield folder / str(number)
    if keep is not None:
        keep_versions(folder, keep)


def keep_versions(folder, keep):
    """Removes all versions in a folder but the newest `keep`."""
    for number, old in sorted(_folders(folder).items())[:-keep]:
        _remove(old, folder / f"{REMOVED}{number}")


def is_version(name):
    """Whether a folder name is a version: ASCII digits that fit into an int64.

    >>> [is_version(name) for name in ("7", "-7", "٧", "9223372036854775808")]
    [True, False, False, False]
    """
    # `int` raises for thousands of digits.
    digits = name.isascii() and name.isdecimal() and len(name) <= len(str(LARGEST))
    return digits and int(name) <= LARGEST


def versions(folder):
    """Returns the version numbers in a folder, ascending."""
    return sorted(_folders(pathlib.Path(folder)))


def _folders(folder):
    """Dict of version number to folder; the name may have leading zeros."""
    found = (path for path in folder.glob("*") if is_version(path.name) and path.is_dir())
    return {int(path.name): path for path in found}


def find_version(path):
    """Returns the path itself if it is a version, else its newest version.

    Raises:
        InputError: if the path is neither a version nor holds one.
    """
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    found = _folders(path) if path.is_dir() else {}
    if not found:
        raise InputError(
            f"{path} holds no export: give the folder of a version, such as saved_models/hybrid/1, "
            "or the folder of a model"
        )
    return found[max(found)]


def claim_version(folder, number=None):
    """Claims a version number for this process; None for the next one. See `new_version`."""
    claims = (path.name.removeprefix(CLAIM) for path in folder.glob(f"{CLAIM}*"))
    claimed = [int(name) for name in claims if is_version(name)]
    highest = max([0, *versions(folder), *claimed])
    if number is not None and number <= highest:
        raise InputError(
            f"{folder}: version {number} exists or existed, and numbers are not reused: the "
            f"next one is {highest + 1}"
        )
    while True:
        wanted = highest + 1 if number is None else number
        if wanted > LARGEST:
            raise InputError(
                f"{folder}: version {wanted} is above {LARGEST}, the largest number of TF Serving"
            )
        try:
            (folder / f"{CLAIM}{wanted}").touch(exist_ok=False)
        except FileExistsError:  # a concurrent export claimed it
            if number is not None:
                raise InputError(f"{folder}: version {number} is being written") from None
            highest += 1
        else:
            # Older claims stay: a concurrent export may still try to claim their numbers.
            return wanted


def _remove(version, hidden):
    # Rename first, so that a server never sees a partial version.
    with contextlib.suppress(FileNotFoundError):  # a concurrent export removed it
        version.rename(hidden)
        shutil.rmtree(hidden)
