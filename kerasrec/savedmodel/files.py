"""The files of an export: listed with their sizes and hashes, found, and compared with the list."""

import os
import pathlib

from kerasrec.files.file_hash import file_hash
from kerasrec.savedmodel.about import ABOUT

MOST = 1000  # entries of a folder; an export has about ten


def list_files(directory):
    """The size of each file of an export but `kerasrec.json`, with its size and SHA-256.

    Args:
        directory: A SavedModel that is complete.

    Returns:
        Dict of name to a dict of `bytes` and `sha256`, for `files` of `kerasrec.json`.
    """
    directory = pathlib.Path(directory)
    return {
        name: {"bytes": about.st_size, "sha256": file_hash(directory / name)}
        for name, about in sorted(find_files(directory))
        if name != ABOUT
    }


def find_files(directory):
    """Name below the folder, with `/`, and `os.stat_result` of each of its files.

    Raises:
        ValueError: if the folder has more than `MOST` entries.
    """
    directory, seen = str(directory), 0
    for folder, folders, files in os.walk(directory, followlinks=True):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            try:
                about = os.stat(path)
            except OSError:  # taken away meanwhile, or a link that leads nowhere
                continue
            yield pathlib.PurePath(os.path.relpath(path, directory)).as_posix(), about
        seen += len(files) + len(folders)
        if seen > MOST:
            raise ValueError(f"it has more than {MOST} files and folders")


def incomplete(directory, listed):
    """Sentences on files of the list that are not there, or shorter than they will be."""
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


def damaged(directory, listed):
    """Sentences on the files of an export that are not as they were written.

    Args:
        directory: A SavedModel.
        listed: `files` of its `kerasrec.json`, as `list_files` made them.
    """
    wrong = incomplete(directory, listed)
    if wrong:  # the others may be large, and it is looked at again
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
    beside = sorted(found - set(listed) - {ABOUT})
    return wrong + [f"{name} was not written with it: take it out" for name in beside]
