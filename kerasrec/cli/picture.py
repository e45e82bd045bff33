"""The argument of a command that draws a picture."""

import pathlib

from kerasrec.errors import InputError


def add_picture_argument(parser):
    """The argument `--plot`."""
    parser.add_argument("--plot", metavar="FILE.png", help="also draw it as a picture")


def picture_path(text):
    """The path that `--plot` gives, None without it.

    Raises:
        InputError: if the file would be no PNG, or its folder does not exist.
    """
    if text is None:
        return None
    path = pathlib.Path(text)
    if path.suffix.lower() != ".png":
        raise InputError(f"--plot writes a PNG: give a path such as {path.with_suffix('.png')}")
    if not path.parent.is_dir():
        raise InputError(f"--plot: the folder {path.parent} does not exist")
    return path
