"""What a path on the command line holds: a run, a checkpoint or an export."""

import pathlib

from kerasrec.errors import InputError


def is_export(path):
    """Whether a folder is a SavedModel."""
    return (pathlib.Path(path) / "saved_model.pb").is_file()


def find_checkpoint(path):
    """The checkpoint folder of a run, or the checkpoint itself.

    Raises:
        InputError: if the path is neither.
    """
    path = pathlib.Path(path)
    for folder in (path / "checkpoint", path):
        if (folder / "metadata.json").is_file() and (folder / "config.json").is_file():
            return folder
    if not path.exists():
        raise InputError(f"{path} does not exist; `kerasrec list` shows the runs here")
    raise InputError(f"{path} is neither a run with a checkpoint nor a checkpoint")
