"""Lists the files of an export with sizes and hashes, and compares a folder with the list."""

import os
import pathlib

from kerasrec.files.file_hash import file_hash
from kerasrec.savedmodel.metadata import METADATA

MAX_ENTRIES = 1000  # files and folders of an export, which has about ten


def list_files(directory):
    """Returns size and SHA-256 of each file of an export except `kerasrec.json`.

    Args:
        directory: A complete SavedModel.

    Returns:
        Dict of name to a dict of `bytes` and `sha256`: the entry `files` of `kerasrec.json`.
    """
    directory = pathlib.Path(directory)
    return {
        name: {"bytes": status.st_size, "sha256": file_hash(directory / name)}
        for name, status in sorted(find_files(directory))
        if name != METADATA
    }


def find_files(directory):
    """Yields the relative name (with `/`) and the `os.stat_result` of each file of a folder.

    Raises:
        ValueError: if the folder has more than `MAX_ENTRIES` files and folders.
    """
    directory, seen = str(directory), 0
    for folder, folders, files in os.walk(directory, followlinks=True):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError:  # removed meanwhile, or a broken link
                continue
            yield pathlib.PurePath(os.path.relpath(path, directory)).as_posix(), status
        seen += len(files) + len(folders)
        if seen > MAX_ENTRIES:
            raise ValueError(f"it has more than {MAX_ENTRIES} files and folders")


def incomplete_files(directory, listed):
    """Returns a sentence for each listed file that is missing or too short."""
    wrong = []
    for name, expected in listed.items():
        try:
            size = os.stat(os.path.join(directory, name)).st_size
        except OSError:
            wrong.append(f"{name} is missing")
        else:
            if size < expected["bytes"]:
                wrong.append(f"{name} ends too early")
    return wrong


def damaged_files(directory, listed):
    """Returns a sentence for each file that differs from the list, and for each unlisted file.

    Args:
        directory: A SavedModel.
        listed: The entry `files` of its `kerasrec.json`, see `list_files`.
    """
    wrong = incomplete_files(directory, listed)
    if wrong:  # do not hash large files of an export that is checked again when it is complete
        return wrong
    for name, expected in listed.items():
        path = pathlib.Path(directory) / name
        if not path.is_file() or path.stat().st_size != expected["bytes"]:
            wrong.append(f"{name} is not the file that was written")
        elif file_hash(path) != expected["sha256"]:
            wrong.append(f"{name} is not the file that was written")
    try:
        found = {name for name, _ in find_files(directory)}
    except ValueError as error:
        return [*wrong, str(error)]
    unlisted = sorted(found - set(listed) - {METADATA})
    return wrong + [f"{name} does not belong to the export: remove it" for name in unlisted]
