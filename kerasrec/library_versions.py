"""The versions of what a run, or an export, was made with."""

import importlib
import importlib.util
import platform

LIBRARIES = ("kerasrec", "keras", "tensorflow", "numpy")


def library_versions():
    """Dict of a library, or "python", to its version; None for a library that is not installed.

    >>> sorted(library_versions())
    ['keras', 'kerasrec', 'numpy', 'python', 'tensorflow']
    """
    return {name: _version(name) for name in LIBRARIES} | {"python": platform.python_version()}


def _version(name):
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name).__version__
