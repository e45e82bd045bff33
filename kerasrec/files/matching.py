"""The files that a path names."""

import glob
import os
import pathlib

WILD = "*?["


def matching(path):
    """The path itself where it exists, else what matches its wildcards, sorted by name.

    `*` and `?` stand for parts of a name, `**` for folders. Names that begin with a dot match only
    where the pattern has it, and those that begin with an underscore are left out.

    >>> matching("no/such/file.csv")
    []

    Args:
        path: str or `pathlib.Path`.

    Returns:
        List of `pathlib.Path`.
    """
    path = pathlib.Path(path)
    if path.exists():
        return [path]
    if not is_pattern(path):
        return []
    found = map(pathlib.Path, sorted(glob.glob(os.fspath(path), recursive=True)))
    return [one for one in found if not one.name.startswith("_")]


def is_pattern(path):
    """Whether a path has wildcards, and is not the name of a file that has these signs."""
    path = pathlib.Path(path)
    return any(sign in os.fspath(path) for sign in WILD) and not path.exists()


def fixed_part(path):
    """The folder above the first wildcard of a pattern; a path without wildcards itself.

    >>> fixed_part("logs/day=*/part-?.csv").as_posix()
    'logs'
    """
    path = pathlib.Path(path)
    if not is_pattern(path):
        return path
    parts = path.parts
    first = next(place for place, part in enumerate(parts) if any(sign in part for sign in WILD))
    return pathlib.Path(*parts[:first])
