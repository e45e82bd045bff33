"""A column of a prepared folder of impressions: a file of plain numbers."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.errors import InputError
from kerasrec.out_of_core.scratch_column import in_blocks


class RawColumn:
    """A file that rows are appended to, and that is then read as a map.

    Args:
        path: of the file.
        dtype, width: of a row.
    """

    def __init__(self, path: Path, dtype: Any, width: tuple[int, ...] = ()):
        self.path, self.dtype, self.width = path, np.dtype(dtype), width

    def append(self, values: np.ndarray) -> None:
        """Writes some rows at the end."""
        with open(self.path, "ab") as file:
            file.write(np.ascontiguousarray(values, self.dtype).data)

    def values(self, rows: int) -> np.ndarray:
        """A read-only map of all rows; InputError if the file has others."""
        size = rows * self.dtype.itemsize * int(np.prod(self.width, dtype=int))
        if not self.path.is_file() or self.path.stat().st_size != size:
            raise InputError(
                f"{self.path} is damaged: expected {size:,} bytes. Remove the folder "
                f"{self.path.parent.parent}; it is prepared again."
            )
        return np.asarray(np.memmap(self.path, self.dtype, "r", shape=(rows, *self.width)))

    def rewrite(self, rows: int, order: np.ndarray | None, change: Callable | None) -> None:
        """The rows in another order, or with other values, in place of what there is."""
        if order is None and change is None:
            return
        values = self.values(rows)
        parts = in_blocks(values) if order is None else (values[one] for one in in_blocks(order))
        self.replace(parts if change is None else map(change, parts))

    def replace(self, blocks: Iterable[np.ndarray]) -> None:
        """Other rows in place of what there is."""
        partial = self.path.with_suffix(".new")
        with open(partial, "wb") as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block, self.dtype).data)
        partial.replace(self.path)
