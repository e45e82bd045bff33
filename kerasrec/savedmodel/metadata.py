"""The metadata of an export, `kerasrec.json`, and the names of its files."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json

EXTRA_FOLDER = "assets.extra"
METADATA = f"{EXTRA_FOLDER}/kerasrec.json"
EXPECTED = f"{EXTRA_FOLDER}/expected.npz"
GRAPH_FILE = "saved_model.pb"
# The path is fixed by TF Serving.
WARM_UP_FILE = f"{EXTRA_FOLDER}/tf_serving_warmup_requests"
FORMAT = 2
MAX_BYTES = 64 << 20  # of `kerasrec.json`, which usually has a few thousand bytes


def read_metadata(directory):
    """Reads the `kerasrec.json` that `kerasrec.export.write_metadata` wrote.

    Raises:
        InputError: if the folder is not an export, or has another format.
    """
    path = pathlib.Path(directory) / METADATA
    if not (path.parent.parent / GRAPH_FILE).is_file():
        raise InputError(f"{directory} is not a SavedModel: give the folder of a version")
    try:
        metadata = read_json(path, most=MAX_BYTES)
        found = metadata["format"]
    except (InputError, KeyError, TypeError) as error:
        raise InputError(
            f"{directory} has no valid metadata ({METADATA}: {error}): export it again with this "
            "version of kerasrec"
        ) from error
    if found != FORMAT:
        raise InputError(f"{directory} has export format {found!r}, this kerasrec reads {FORMAT}")
    if not _is_file_list(metadata.get("files")):
        raise InputError(f"{directory} has no list of its files in {METADATA}: export it again")
    return metadata


def _is_file_list(files):
    """Whether `files` has the form of `list_files` and all names stay below the folder."""
    return (
        isinstance(files, dict)
        and GRAPH_FILE in files
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
