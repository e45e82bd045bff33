"""Variable-length lists of item rows, one for each key."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.errors import InputError


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
        indptr: int64 (keys + 1,), from 0, never falling, ending at the number of items.
        items: int32, the lists one after the other.
    """

    indptr: np.ndarray
    items: np.ndarray

    def __post_init__(self) -> None:
        indptr, items = np.asarray(self.indptr, np.int64), np.asarray(self.items, np.int32)
        if indptr.ndim != 1 or items.ndim != 1 or not len(indptr):
            raise InputError("Histories: indptr and items must have one axis, indptr not be empty.")
        if indptr[0] != 0 or indptr[-1] != len(items) or (np.diff(indptr) < 0).any():
            raise InputError(
                f"Histories: indptr must rise from 0 to the {len(items)} items, got {indptr}."
            )
        object.__setattr__(self, "indptr", indptr)
        object.__setattr__(self, "items", items)

    @classmethod
    def from_pairs(cls, keys: Any, items: Any, num_keys: int) -> "Histories":
        """Group items by key; within a key they keep the order they come in."""
        keys, items = np.asarray(keys), np.asarray(items)
        if keys.shape != items.shape:
            raise InputError(f"Histories: {keys.shape} keys for {items.shape} items.")
        if len(keys) and not (0 <= keys.min() and keys.max() < num_keys):
            raise InputError(f"Histories: keys must lie in [0, {num_keys}).")
        counts = np.bincount(keys.astype(np.int64), minlength=num_keys)
        items = items[np.argsort(keys, kind="stable")]
        return cls(np.concatenate([[0], np.cumsum(counts)]), items)

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
        return Histories(indptr, self.items[source])

    def padded(self, length: int | None = None) -> np.ndarray:
        """A (keys, length) int32 array, padded on the right with 0.

        Args:
            length: how many items at most, of longer lists the last ones; None = the longest list
                (at least 1).
        """
        lengths = self.lengths
        longest = int(lengths.max(initial=0))
        length = max(1, longest) if length is None else length
        if length < 1:
            raise InputError(f"Histories.padded: length must be at least 1, got {length}.")
        items = self.items
        if longest > length:
            kept = np.minimum(lengths, length)
            offset = np.cumsum(kept) - kept
            items = items[np.arange(kept.sum()) + np.repeat(self.indptr[1:] - kept - offset, kept)]
            lengths = kept
        offset = np.cumsum(lengths) - lengths
        # Only the real places are touched: the rest of a fresh zero array costs nothing.
        place = np.arange(len(self), dtype=np.int64) * length - offset
        padded = np.zeros(len(self) * length, dtype=np.int32)
        padded[np.arange(len(items)) + np.repeat(place, lengths)] = items
        return padded.reshape(len(self), length)

    def save(self, path: str | Path) -> None:
        """Write one npz file, of exactly this name."""
        with open(path, "wb") as file:
            np.savez(file, indptr=self.indptr, items=self.items)

    @classmethod
    def load(cls, path: str | Path) -> "Histories":
        """Read what `save` wrote; InputError if the file is anything else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(file["indptr"], file["items"])
        except (OSError, KeyError, ValueError, EOFError) as error:
            raise InputError(f"{path}: not a readable histories file: {error}") from error

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __getitem__(self, key: int) -> np.ndarray:
        if not -len(self) <= key < len(self):
            raise IndexError(f"key {key} of {len(self)} histories")
        key = key % len(self)
        return self.items[self.indptr[key] : self.indptr[key + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[key] for key in range(len(self)))
