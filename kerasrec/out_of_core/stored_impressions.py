"""Impressions whose columns are files."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.impressions import ROWS, Impressions
from kerasrec.out_of_core.scratch_column import gathered, in_blocks


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class StoredImpressions(Impressions):
    """Impressions of any size: their columns are maps of files.

    Args:
        folder: where the columns of parts are written, as files without a name.
    """

    folder: Path

    def select(self, index: Any) -> Impressions:
        """The rows at these positions, or where a mask is true; their columns are files as well.

        Rows that follow one another are a part of the same files.
        """
        if isinstance(index, slice):
            return super().select(index)
        index = np.asarray(index)
        index = np.flatnonzero(index) if index.dtype == bool else index
        if _is_range(index):
            return super().select(slice(int(index[0]), int(index[-1]) + 1))

        def part(column: np.ndarray | None) -> np.ndarray | None:
            return None if column is None else gathered(self.folder, column, index)

        found = {name: part(getattr(self, name)) for name in ROWS}
        found |= {
            name: {key: part(one) for key, one in getattr(self, name).items()}
            for name in ("labels", "context")
        }
        found["given"] = tuple(one.select(index) for one in self.given)
        if self.past is not None:
            first, stop = part(self.past.first), part(self.past.stop)
            found["past"] = dataclasses.replace(self.past, first=first, stop=stop)
        return dataclasses.replace(self, **found, report=None)


def _is_range(index: np.ndarray) -> bool:
    """Whether positions follow one another."""
    if not len(index) or index[-1] - index[0] + 1 != len(index):
        return False
    first = int(index[0])
    for block in in_blocks(index):
        if (block != np.arange(first, first + len(block))).any():
            return False
        first += len(block)
    return True
