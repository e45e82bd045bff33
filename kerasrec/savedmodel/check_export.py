"""Checks that an export is complete, undamaged and consists of allowed operations."""

from kerasrec.errors import InputError
from kerasrec.savedmodel.files import damaged_files, incomplete_files
from kerasrec.savedmodel.graph_operations import foreign_operations
from kerasrec.savedmodel.metadata import GRAPH_FILE, METADATA, read_metadata

SHOWN = 5


class IncompleteError(InputError):
    """Files of an export are missing or too short: it is still being copied, or was cut off."""


def check_export(directory, trust=False):
    """Checks an export before it is loaded, without running it.

    Each file must match its size and hash in `kerasrec.json`, there must be no other files, and the
    graph may hold only the operations of `kerasrec.savedmodel.operations`.

    Args:
        directory: The `pathlib.Path` of a SavedModel.
        trust: Accept any operations, and a SavedModel without `kerasrec.json`.

    Raises:
        IncompleteError: if files are missing or too short.
        InputError: if the export is wrong in another way; the message says how.
    """
    if not (directory / GRAPH_FILE).is_file():
        raise IncompleteError(f"{GRAPH_FILE} is missing")
    if (directory / METADATA).is_file():
        listed = read_metadata(directory)["files"]
        if missing := incomplete_files(directory, listed):
            raise IncompleteError(_join(missing))
        if wrong := damaged_files(directory, listed):
            raise InputError(_join(wrong))
    elif not trust:
        raise InputError(
            f"it has no {METADATA}: either it is still being copied, or it is not an export of "
            "kerasrec; use --trust (in Python trust=True) to run it all the same"
        )
    if not trust and (foreign := foreign_operations(directory)):
        raise InputError(
            f"{'; '.join(foreign)}. It runs only with --trust (in Python trust=True), since an "
            "untrusted graph may read and write files"
        )


def _join(sentences):
    more = len(sentences) - SHOWN
    return "; ".join(sentences[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
