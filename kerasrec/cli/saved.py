"""What a path on the command line holds: a run, a checkpoint or an export."""

import pathlib

from kerasrec.checkpoint_folder import checkpoint_folder
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
    if not path.exists():
        raise InputError(f"{path} does not exist; `kerasrec list` shows the runs here")
    return checkpoint_folder(path)
