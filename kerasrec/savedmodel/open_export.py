"""Opens an export of kerasrec after its checks."""

from kerasrec.errors import InputError
from kerasrec.savedmodel.c_loader import CLoader
from kerasrec.savedmodel.check_export import check_export
from kerasrec.savedmodel.metadata import read_metadata


def open_export(path, trust=False):
    """The loaded export, to close after use, and its metadata.

    Args:
        path: The `pathlib.Path` of a version.
        trust: Allow operations that are not on the list of `check_export`.

    Returns:
        `(CLoader, dict)`.

    Raises:
        InputError: for a folder that is no export, damaged files, foreign operations, or a graph
            that TensorFlow does not load.
    """
    about = read_metadata(path)
    try:
        check_export(path, trust)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    try:
        loaded = CLoader(path)
    except RuntimeError as error:
        raise InputError(f"{path} cannot be loaded: {error}") from error
    if "recommend" not in loaded.signatures:
        loaded.close()
        raise InputError(f"{path} is not an export of kerasrec")
    return loaded, about
