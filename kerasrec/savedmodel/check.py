"""Whether an export may be run: complete, undamaged, and of operations that are known."""

from kerasrec.errors import InputError
from kerasrec.savedmodel.about import ABOUT, GRAPH, read_about
from kerasrec.savedmodel.files import damaged, incomplete
from kerasrec.savedmodel.graph_operations import foreign_operations

SHOWN = 5


class IncompleteError(InputError):
    """Files of an export are missing or too short: its copy goes on, or was cut."""


def check_export(directory, trust=False):
    """Looks at an export before it is loaded, without running it.

    Each file must have its size and hash in `kerasrec.json`, there must be no others, and the graph
    must hold no operations but those of `kerasrec.savedmodel.operations`.

    Args:
        directory: A `pathlib.Path` of a SavedModel.
        trust: Also take one with any operations, and one without `kerasrec.json`, of which there
            is no list to compare.

    Raises:
        IncompleteError: where files are missing or too short.
        InputError: with a sentence on what is wrong.
    """
    if not (directory / GRAPH).is_file():
        raise IncompleteError(f"{GRAPH} is missing")
    if (directory / ABOUT).is_file():
        listed = read_about(directory)["files"]
        if missing := incomplete(directory, listed):
            raise IncompleteError(_shown(missing))
        if wrong := damaged(directory, listed):
            raise InputError(_shown(wrong))
    elif not trust:
        raise InputError(
            f"it holds no {ABOUT}: either its copy goes on, or it is no export of kerasrec, which "
            "is not run without --trust (in Python trust=True)"
        )
    if not trust and (foreign := foreign_operations(directory)):
        raise InputError(
            f"{'; '.join(foreign)}. It is not run without --trust (in Python trust=True), as a "
            "graph of others may read and write files"
        )


def _shown(sentences):
    more = len(sentences) - SHOWN
    return "; ".join(sentences[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
