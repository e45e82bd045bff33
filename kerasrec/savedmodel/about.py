"""What an export says of itself."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json

EXTRA = "assets.extra"
ABOUT = f"{EXTRA}/kerasrec.json"
RECORDED = f"{EXTRA}/expected.npz"
GRAPH = "saved_model.pb"
# Where TF Serving looks for it.
WARM_UP = f"{EXTRA}/tf_serving_warmup_requests"
FORMAT = 2
LARGEST = 64 << 20  # bytes of `kerasrec.json`, which is some thousands


def read_about(directory):
    """The `kerasrec.json` of an export, as `kerasrec.export.describe` made it.

    Raises:
        InputError: if the folder holds no export, or one of another format.
    """
    path = pathlib.Path(directory) / ABOUT
    if not (path.parent.parent / GRAPH).is_file():
        raise InputError(f"{directory} is no SavedModel: give the folder of a version")
    try:
        about = read_json(path, most=LARGEST)
        known = about["format"]
    except (InputError, KeyError, TypeError) as error:
        raise InputError(
            f"{directory} says nothing of itself ({ABOUT}: {error}): export it again with this "
            "version of kerasrec"
        ) from error
    if known != FORMAT:
        raise InputError(f"{directory} has export format {known!r}, this kerasrec reads {FORMAT}")
    if not _is_list(about.get("files")):
        raise InputError(f"{directory} has no list of its files in {ABOUT}: export it again")
    return about


def _is_list(files):
    """Whether it is what `list_files` makes, with names that stay below the folder."""
    return (
        isinstance(files, dict)
        and GRAPH in files
        and all(
            isinstance(each, dict)
            and isinstance(each.get("bytes"), int)
            and isinstance(each.get("sha256"), str)
            and "\0" not in name
            and ".." not in pathlib.PurePosixPath(name).parts
            and not pathlib.PurePosixPath(name).is_absolute()
            for name, each in files.items()
        )
    )
