"""Finds a checkpoint, given its folder or that of its run."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.files.replacing import surviving


def checkpoint_folder(path, where=""):
    """The checkpoint folder of a run, or the checkpoint itself, also after a killed save.

    Args:
        path: Folder of a run or of a checkpoint.
        where: Beginning of the message, such as the name of the argument.

    Raises:
        InputError: if the path is neither.
    """
    path = pathlib.Path(path)
    for folder in (surviving(path / "checkpoint"), surviving(path)):
        if (folder / "metadata.json").is_file() and (folder / "config.json").is_file():
            return folder
    raise InputError(f"{where}{path} is neither a run with a checkpoint nor a checkpoint")
