"""Opens a file from outside only if it is a plain file."""

import os
import pathlib
import stat

from kerasrec.errors import InputError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def plain_size(path, within=None):
    """Size of a plain file in bytes, without opening it.

    Args:
        path: The file, or a symbolic link to one.
        within: Folder that the target of a link must be in; None for any target.

    Raises:
        InputError: for a missing file, a pipe, device, socket or folder, and a link to a target
            outside of `within`.

    >>> plain_size("/dev/zero")
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: /dev/zero is a device: expected a plain file
    """
    path = pathlib.Path(path)
    try:
        found = os.stat(path)
        target = path.resolve()
        inside = within is None or target.is_relative_to(pathlib.Path(within).resolve())
    except FileNotFoundError:
        raise InputError(f"{path} is missing") from None
    except (OSError, ValueError, RuntimeError) as error:
        # A loop of links, a name with a zero byte, a folder without permission.
        raise InputError(f"{path} cannot be read: {error}") from error
    if not inside:
        raise InputError(
            f"{path} is a link to {target}, outside of {within}: expected a plain file, as "
            "`cp -rL` copies it"
        )
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise InputError(f"{path} is {kind}: expected a plain file")
    return found.st_size


def open_plain(path, within=None):
    """A plain file opened for reading its bytes.

    Raises:
        InputError: as `plain_size`, and for a file that cannot be read.
    """
    plain_size(path, within)
    try:
        return open(path, "rb", opener=_without_waiting)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _without_waiting(path, flags):
    # If a pipe has replaced the file since the check, this does not wait for its writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
