"""Finds the checkpoint or the export that a path on the command line holds."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.files.replacing import surviving
from kerasrec.savedmodel.versions import find_version, versions


def find_export(path):
    """The SavedModel at a path: itself or the newest of its versions; None if there is none."""
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file() or (path.is_dir() and versions(path)):
        return find_version(path)
    return None


def find_checkpoint(path):
    """The checkpoint folder of a run, or the checkpoint itself.

    Raises:
        InputError: if the path is neither.
    """
    path = pathlib.Path(path)
    if not surviving(path).exists():
        raise InputError(f"{path} does not exist; `kerasrec list` shows the runs here")
    return checkpoint_folder(path)
