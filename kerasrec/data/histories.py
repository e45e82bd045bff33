"""Variable-length lists of item rows, one for each key."""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.query_spec import QUERY_INPUTS, REQUEST_INPUTS
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.distinct import is_in
from kerasrec.errors import InputError
from kerasrec.files.saved_arrays import read_arrays

# What may be known of a step besides the item.
CONTEXT = {
    name: np.dtype(each.row_dtype)
    for name, each in REQUEST_INPUTS.items()
    if each.axis == "step" and name != "history"
}


@dataclasses.dataclass(frozen=True, eq=False)
class Histories:
    """Lists of item rows in compressed form: key i holds `items[indptr[i]:indptr[i + 1]]`.

    >>> histories = Histories.from_pairs([1, 0, 1, 1], [7, 5, 8, 9], num_keys=3)
    >>> histories[1]
    array([7, 8, 9], dtype=int32)
    >>> histories.padded(2)
    array([[5, 0],
           [8, 9],
           [0, 0]], dtype=int32)

    Args:
        indptr: int64 (keys + 1,), from 0, non-decreasing, ending at the number of items.
        items: int32, the lists one after the other.
        behavior: int32, the behavior at each item; None where it is not known.
        timestamp: int64, Unix seconds at each item; None where they are not known.
        value: float32, the rating of each item, NaN for none; only the histories of a request
            have it.
    """

    indptr: np.ndarray
    items: np.ndarray
    behavior: np.ndarray | None = None
    timestamp: np.ndarray | None = None
    value: np.ndarray | None = None

    def __post_init__(self) -> None:
        indptr, items = np.asarray(self.indptr, np.int64), np.asarray(self.items, np.int32)
        if indptr.ndim != 1 or items.ndim != 1 or not len(indptr):
            raise InputError("Histories: indptr and items must have one axis, indptr not be empty.")
        # Compared and not subtracted: the difference of two large numbers may overflow.
        falls = (indptr[1:] < indptr[:-1]).any()
        if indptr[0] != 0 or indptr[-1] != len(items) or falls:
            raise InputError(
                f"Histories: indptr must rise from 0 to the {len(items)} items, got {indptr}."
            )
        object.__setattr__(self, "indptr", indptr)
        object.__setattr__(self, "items", items)
        for name, kind in CONTEXT.items():
            column = getattr(self, name)
            if column is not None and np.shape(column) != items.shape:
                raise InputError(
                    f"Histories: {name} has shape {np.shape(column)}, {len(items)} items."
                )
            object.__setattr__(self, name, None if column is None else np.asarray(column, kind))

    @classmethod
    def from_pairs(
        cls,
        keys: Any,
        items: Any,
        num_keys: int,
        behavior: Any = None,
        timestamp: Any = None,
        value: Any = None,
    ) -> "Histories":
        """Group items by key; within a key they keep the order they come in."""
        keys, items = np.asarray(keys), np.asarray(items)
        if keys.shape != items.shape:
            raise InputError(f"Histories: {keys.shape} keys for {items.shape} items.")
        if len(keys) and not (0 <= keys.min() and keys.max() < num_keys):
            raise InputError(f"Histories: keys must lie in [0, {num_keys}).")
        counts = np.bincount(keys.astype(np.int64), minlength=num_keys)
        order = np.argsort(keys, kind="stable")
        context = (
            None if column is None else np.asarray(column)
            for column in (behavior, timestamp, value)
        )
        context = (None if column is None else column[order] for column in context)
        return cls(np.concatenate([[0], np.cumsum(counts)]), items[order], *context)

    @property
    def lengths(self) -> np.ndarray:
        """int64 (keys,)."""
        return np.diff(self.indptr)

    def take(self, rows: Any) -> "Histories":
        """The lists of these keys, in this order; a key may come twice."""
        rows = np.asarray(rows, dtype=np.int64)
        lengths = self.lengths[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        source = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        return self._at(indptr, source)

    def for_keys(self, number: int) -> "Histories":
        """With empty lists for the keys up to `number`."""
        more = max(number - len(self), 0)
        indptr = np.append(self.indptr, np.repeat(self.indptr[-1:], more))
        return dataclasses.replace(self, indptr=indptr)

    def known(self, num_items: int) -> "Histories":
        """Without padding, the unknown row and rows from `num_items` on."""
        kept = (self.items >= FIRST) & (self.items < num_items)
        before = np.concatenate([[0], np.cumsum(kept)])
        return self._at(before[self.indptr], np.flatnonzero(kept))

    def inputs(self, names: Iterable[str], length: int) -> dict[str, np.ndarray]:
        """The model inputs of the last `length` items: (keys, length), padded on the right.

        `QUERY_INPUTS` says what each name means; names of inputs that are not per step are left
        out.
        """
        found, names = {}, set(names)
        for name, each in QUERY_INPUTS.items():
            if name in names and each.per_step:
                column = self.items if name == "history" else getattr(self, each.source)
                values = each.values(column, self.indptr[:-1], len(self.items))
                found[name] = self.padded(length, values)
        return found

    def step_columns(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """One value for each item, by name: "history" the items; without a column "no value"."""
        found = {}
        for name in names:
            column = self.items if name == "history" else getattr(self, name)
            if column is None:
                each = REQUEST_INPUTS[name]
                nothing = PADDING if each.dtype == "string" else each.default
                column = np.full(len(self.items), nothing, CONTEXT[name])
            found[name] = column
        return found

    def after(self, earlier: "Histories") -> "Histories":
        """Merged with the events that only an `earlier` table has, in time order.

        Two events are the same if item, behavior and, where both tables have it, time agree.
        Without times the earlier events come first. Keys that `earlier` lacks are unchanged.

        >>> new = Histories.from_pairs([1, 1, 2], [8, 9, 5], num_keys=3)
        >>> old = Histories.from_pairs([0, 1, 1], [5, 7, 8], num_keys=2)
        >>> [items.tolist() for items in new.after(old)]
        [[5], [7, 8, 9], [5]]
        """
        frames = [one._frame() for one in (earlier, self)]
        shared = [name for name in frames[1] if name in frames[0]]
        marks = [pd.util.hash_pandas_object(frame[shared], index=False) for frame in frames]
        only = frames[0][~is_in(marks[0].to_numpy(), np.sort(marks[1].to_numpy()))]
        if only.empty:
            return self
        # A time that is not known is 0, as in `time_gaps`.
        both = pd.concat([only, frames[1]], ignore_index=True)[list(frames[1])].fillna(0)
        if "timestamp" in shared:
            both = both.sort_values("timestamp", kind="stable")
        return Histories.from_pairs(
            both["key"], both["item"], len(self), *(both.get(name) for name in CONTEXT)
        )

    def padded(self, length: int | None = None, column: np.ndarray | None = None) -> np.ndarray:
        """A (keys, length) array, padded on the right with 0.

        Args:
            length: how many items at most, of longer lists the last ones; None = the longest list
                (at least 1).
            column: the values to pad, one for each item; None = the items.
        """
        items = self.items if column is None else column
        lengths = self.lengths
        longest = int(lengths.max(initial=0))
        length = max(1, longest) if length is None else length
        if length < 1:
            raise InputError(f"Histories.padded: length must be at least 1, got {length}.")
        if longest > length:
            kept = np.minimum(lengths, length)
            offset = np.cumsum(kept) - kept
            items = items[np.arange(kept.sum()) + np.repeat(self.indptr[1:] - kept - offset, kept)]
            lengths = kept
        offset = np.cumsum(lengths) - lengths
        # Only the real places are touched: the rest of a fresh zero array costs nothing.
        place = np.arange(len(self), dtype=np.int64) * length - offset
        padded = np.zeros(len(self) * length, dtype=items.dtype)
        padded[np.arange(len(items)) + np.repeat(place, lengths)] = items
        return padded.reshape(len(self), length)

    def save(self, path: str | Path) -> None:
        """Write one npz file, of exactly this name."""
        with open(path, "wb") as file:
            context = {name: getattr(self, name) for name in CONTEXT}
            context = {name: column for name, column in context.items() if column is not None}
            np.savez(file, indptr=self.indptr, items=self.items, **context)

    @classmethod
    def load(cls, path: str | Path) -> "Histories":
        """Read what `save` wrote; InputError if the file is anything else."""
        expected = {"indptr": (np.int64, 1), "items": (np.int32, 1)}
        context = {name: (kind, 1) for name, kind in CONTEXT.items()}
        columns = read_arrays(path, expected, optional=context)
        try:
            return cls(**columns)
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from None

    def _frame(self) -> pd.DataFrame:
        columns = {"key": np.repeat(np.arange(len(self)), self.lengths), "item": self.items}
        columns |= {name: getattr(self, name) for name in CONTEXT}
        return pd.DataFrame({name: one for name, one in columns.items() if one is not None})

    def _at(self, indptr: np.ndarray, source: np.ndarray) -> "Histories":
        columns = (getattr(self, name) for name in CONTEXT)
        return Histories(
            indptr, self.items[source], *(None if one is None else one[source] for one in columns)
        )

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __getitem__(self, key: int) -> np.ndarray:
        if not -len(self) <= key < len(self):
            raise IndexError(f"key {key} of {len(self)} histories")
        key = key % len(self)
        return self.items[self.indptr[key] : self.indptr[key + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[key] for key in range(len(self)))
