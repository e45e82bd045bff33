"""The requests that are recorded in an export, one by one."""

import numpy as np

from kerasrec.savedmodel.metadata import EXPECTED
from kerasrec.savedmodel.npz_file import read_arrays

PER_STEP = ("history", "behavior", "timestamp")
PREFIX = "request/"


def recorded_requests(folder, k):
    """Requests of one row as dicts of arrays, features of the request included.

    Args:
        folder: A version of an export.
        k: Items of each answer, in place of those recorded, which are unusual on purpose.
    """
    file = read_arrays(folder / EXPECTED)
    columns = {name.removeprefix(PREFIX): x for name, x in file.items() if name.startswith(PREFIX)}
    rows = range(len(columns["item"]))
    return [{**_row(columns, row), "k": np.array([k], "int32")} for row in rows]


def _row(columns, row):
    found = {}
    for name, column in columns.items():
        value = column[row : row + 1]
        if value.ndim == 2 and (name in PER_STEP or value.dtype == object):
            # Without the padding of the longest, and begun with it as `kerasrec.Client` does.
            ids = columns["history"][row] if name in PER_STEP else value[0]
            width = np.flatnonzero(ids != "").max(initial=-1) + 1
            value = np.pad(value[:, :width], [(0, 0), (1, 0)], constant_values=_padding(value))
        found[name] = value
    return found


def _padding(value):
    return "" if value.dtype == object else 0
