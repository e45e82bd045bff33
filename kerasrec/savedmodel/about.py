"""What an export says of itself."""

import json
import pathlib

from kerasrec.errors import InputError

EXTRA = "assets.extra"
ABOUT = f"{EXTRA}/kerasrec.json"
RECORDED = f"{EXTRA}/expected.npz"
# Where TF Serving looks for it.
WARM_UP = f"{EXTRA}/tf_serving_warmup_requests"
FORMAT = 2


def read_about(directory):
    """The `kerasrec.json` of an export, as `kerasrec.export.describe` made it.

    Raises:
        InputError: if the folder holds no export, or one of another format.
    """
    path = pathlib.Path(directory) / ABOUT
    if not (path.parent.parent / "saved_model.pb").is_file():
        raise InputError(f"{directory} is no SavedModel: give the folder of a version")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        known = about["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{directory} says nothing of itself ({ABOUT}: {error}): export it again with this "
            "version of kerasrec"
        ) from error
    if known != FORMAT:
        raise InputError(f"{directory} has export format {known!r}, this kerasrec reads {FORMAT}")
    return about
