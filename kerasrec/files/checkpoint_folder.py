"""Where a checkpoint is, given its folder or that of its run."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.files.replacing import surviving


def checkpoint_folder(path, where=""):
    """The checkpoint folder of a run, or the checkpoint itself, also where a save was killed.

    Args:
        path: Folder of either.
        where: What named it, in front of the message.

    Raises:
        InputError: if the path is neither.
    """
    path = pathlib.Path(path)
    for folder in (surviving(path / "checkpoint"), surviving(path)):
        if (folder / "metadata.json").is_file() and (folder / "config.json").is_file():
            return folder
    raise InputError(f"{where}{path} is neither a run with a checkpoint nor a checkpoint")
