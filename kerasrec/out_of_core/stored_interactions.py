"""Interactions whose columns are files."""

import dataclasses
from typing import Any

import numpy as np

from kerasrec.data.clean_rows import COLUMNS
from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.out_of_core.part_table import Columns


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class StoredInteractions(Interactions):
    """A part of a prepared folder, of any size: its columns are maps of files.

    The rows are sorted by user and then in time, not by time alone as those of `Interactions`.
    Histories are so the columns themselves, and the rows of some users lie together.

    Args:
        place: int64 (n,), number of the row in the time order of all parts together.
        by_user, by_item: int64 by row, interactions of each user and with each item.
    """

    place: np.ndarray
    by_user: np.ndarray
    by_item: np.ndarray

    @classmethod
    def of(cls, columns: Columns, **fields: Any) -> "StoredInteractions":
        """From the columns of a part; values that are not there are 1."""
        # One number, however many rows there are.
        ones = np.broadcast_to(np.float32(1.0), len(columns["user"]))
        return cls(**{"value": ones, **columns}, **fields)

    def of_users(self, rows: Any) -> Interactions:
        """The interactions of some users, in memory, in time order.

        Args:
            rows: rows of users, ascending, each once.
        """
        rows = np.asarray(rows, dtype=np.int64)
        lengths = self.by_user[rows]
        starts = self._first[rows] - (np.cumsum(lengths) - lengths)
        index = np.arange(lengths.sum()) + np.repeat(starts, lengths)
        return self.select(index[np.argsort(self.place[index])])

    def select(self, index: Any) -> Interactions:
        """The interactions at these positions, or where a mask is true, in memory."""
        fields = {each.name: getattr(self, each.name) for each in dataclasses.fields(Interactions)}
        columns = {name: fields[name] for name in COLUMNS if fields[name] is not None}
        return Interactions(
            **fields | {name: np.array(values[index]) for name, values in columns.items()}
            | {"report": None}
        )  # fmt: skip

    def in_time_order(self) -> Interactions:
        """All interactions, in memory."""
        return self.select(np.argsort(self.place))

    def concat(self, other: Interactions) -> Interactions:
        """Both in memory, see `Interactions.concat`."""
        return self.in_time_order().concat(other)

    def histories(self) -> Histories:
        """The items of each user in time order, by user row: the columns as they lie."""
        return Histories(self._first, self.item, self.behavior, self.timestamp)

    def user_counts(self) -> np.ndarray:
        """int64 (user rows,): interactions of each user."""
        return self.by_user

    def item_counts(self) -> np.ndarray:
        """int64 (item rows,): interactions with each item."""
        return self.by_item

    @property
    def _first(self) -> np.ndarray:
        """int64 (user rows + 1,): where the rows of each user begin."""
        return np.concatenate([[0], np.cumsum(self.by_user)])
