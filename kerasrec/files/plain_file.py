"""Files that others wrote: opened only where they are plain files."""

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
    """Bytes of a plain file, without opening it.

    Args:
        path: The file, or a symbolic link to one.
        within: Folder outside of which a link must not lead; None where it may lead anywhere.

    Raises:
        InputError: for a file that is missing, a pipe, device, socket or folder, and a link that
            leads outside.

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
        # A loop of links, a name with a zero byte, a folder that may not be entered.
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
    # Should a pipe have taken the file's place since it was looked at, nobody waits for its writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
