"""Columns in files without a name, which the system removes when nobody reads them any more."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.errors import InputError

BLOCK = 2**20  # rows that are in memory at a time


def scratch_column(
    folder: Path, blocks: Iterable[np.ndarray], dtype: Any, shape: tuple[int, ...]
) -> np.ndarray:
    """A read-only map of the blocks, one after the other.

    Args:
        folder: on the disk that the file takes its room of.
        shape: of all blocks together.

    Raises:
        InputError: the disk is full, or the folder cannot be written.
    """
    if not shape[0]:
        return np.zeros(shape, dtype)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block, dtype).data)
            file.flush()
            return np.asarray(np.memmap(file, dtype, "r", shape=shape))
    except OSError as error:
        raise InputError(
            f"{folder}: a column of {shape[0]:,} rows cannot be written: {error.strerror or error}"
        ) from error


def gathered(folder: Path, column: np.ndarray, index: np.ndarray) -> np.ndarray:
    """`column[index]` as a `scratch_column`."""
    blocks = (column[rows] for rows in in_blocks(index))
    return scratch_column(folder, blocks, column.dtype, (len(index), *column.shape[1:]))


def in_blocks(values: Any) -> Iterator[Any]:
    """Slices of an array, so that what is computed of each stays small."""
    for start in range(0, len(values), BLOCK):
        yield values[start : start + BLOCK]
