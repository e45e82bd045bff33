"""Rows in time order, without duplicates: by sorting and counting whole numbers."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import scipy.sparse

BLOCK = 2**20  # rows


def in_order(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`np.argsort(values, kind="stable")`, and the sorted values.

    >>> in_order(np.array([7, 3, 7, 1]))
    (array([3, 1, 0, 2]), array([1, 3, 7, 7]))
    """
    if len(values) < 2 or (values[1:] >= values[:-1]).all():
        return np.arange(len(values)), values
    least, bits = int(values.min()), len(values).bit_length()
    if values.dtype.kind not in "iu" or (int(values.max()) - least).bit_length() + bits > 62:
        order = np.argsort(values, kind="stable")
        return order, values[order]
    # The value in the high bits, the position in the low ones: all are different, and both are
    # read from the sorted keys one after the other, which is faster than from where they were.
    keys, ordered = values.astype(np.int64), np.empty_like(values)
    keys -= least
    keys <<= bits
    for block in _blocks(len(keys)):
        keys[block] |= np.arange(block.start, block.stop)
    keys.sort()
    for block in _blocks(len(keys)):
        ordered[block] = (keys[block] >> bits) + least
        keys[block] &= (1 << bits) - 1
    return keys, ordered


def _blocks(size: int) -> Iterator[slice]:
    """Parts of a large array, so that what is computed on the way stays small."""
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))


def grouped(values: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values with equal codes together, in their order, and where each code begins.

    A sparse matrix of one row, transposed: it counts, which is faster than a sort.

    >>> grouped(np.array([10, 11, 12, 13]), np.array([2, 0, 2, 0]))
    (array([11, 13, 10, 12]), array([0, 2, 2, 4], dtype=int32))
    """
    kind = np.int32 if len(codes) < 2**31 else np.int64
    codes, ends = codes.astype(kind, copy=False), np.array([0, len(codes)], kind)
    shape = (1, int(codes.max(initial=-1)) + 1)
    columns = scipy.sparse.csr_array((values, codes, ends), shape=shape).tocsc()
    return columns.data, columns.indptr


def distinct_pairs(first: np.ndarray, second: np.ndarray) -> int:
    """The number of different pairs of two columns of codes."""
    shape = (int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1)
    there = np.ones(len(first), dtype=bool)
    return scipy.sparse.coo_array((there, (first, second)), shape=shape).tocsr().nnz


def _repeated(keys: np.ndarray) -> np.ndarray:
    """Places of whole numbers that occur more than once, and of a few others."""
    ordered = np.sort(keys)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not repeated.size:
        return repeated
    # A table by the low bits lets a few others through, which costs nothing but time.
    bits = (1 << max(repeated.size.bit_length() + 3, 10)) - 1
    marked = np.zeros(bits + 1, dtype=bool)
    marked[repeated & bits] = True
    return np.flatnonzero(marked[keys & bits])


class RowOrder:
    """The rows that count, in time order.

    Args:
        positions: int (n,), rows of the table, in its order.
        order: by row of the table, its time at full resolution; None = the order of the table.
        same: name -> column by row of the table; rows with equal columns and times are duplicates,
            of which the last counts. "user" and "item" are codes from 0.

    Attributes:
        positions: int (m,), the rows of the table that count, in time order.
        users, times: (m,), columns of these rows; None without times.
        merged: rows left out because a later one says the same.
        out_of_order: rows that are earlier than a row of the same user above them.
        equal_times: rows at a time at which the same user has another row.
    """

    def __init__(
        self,
        positions: np.ndarray,
        order: np.ndarray | None,
        same: Mapping[str, np.ndarray],
    ):
        self.positions, self.out_of_order, self.equal_times = positions, 0, 0
        self.users = self.times = None
        count = len(positions)
        if order is None:
            suspects = self._repeated_pairs(same["user"], same["item"])
            self._drop(self._duplicates(suspects, same))
        else:
            self._sort(order, same)
        self.merged = count - len(self.positions)

    def _sort(self, order: np.ndarray, same: Mapping[str, np.ndarray]) -> None:
        if len(self.positions) == len(order):
            self.positions, self.times = in_order(order)
        else:
            places, self.times = in_order(order[self.positions])
            self.positions = self.positions[places]
        self.users = same["user"][self.positions]
        suspects = self._tied()
        duplicates = self._duplicates(suspects, {**same, "time": order})
        gone = np.isin(suspects, duplicates, assume_unique=True)
        ties = pd.DataFrame({"user": self.users[suspects], "time": self.times[suspects]})[~gone]
        self.equal_times = int(ties.duplicated(keep=False).sum())
        self._drop(duplicates)
        self.out_of_order = self._late()

    def _tied(self) -> np.ndarray:
        """Places of rows whose user has another row at the same time."""
        equal = self.times[1:] == self.times[:-1]
        tied = np.zeros(len(self.times), dtype=bool)
        tied[1:] |= equal
        tied[:-1] |= equal
        places = np.flatnonzero(tied)
        pairs = self.times[places]
        pairs = np.cumsum(np.diff(pairs, prepend=pairs[:1]) != 0, dtype=np.int64)
        pairs *= int(self.users.max(initial=0)) + 1
        pairs += self.users[places]
        return places[_repeated(pairs)]

    def _late(self) -> int:
        """Rows of which a later one of the same user is above them in the table."""
        if len(self.positions) < 2 or (self.positions[1:] > self.positions[:-1]).all():
            return 0
        positions, starts = grouped(self.positions, self.users)
        users = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
        bits, late, least_after = int(self.positions.max()).bit_length(), 0, 2**63 - 1
        # From the end, the least place of the rows after each; those of other users are larger.
        for block in reversed(list(_blocks(len(users)))):
            places = users[block].astype(np.int64)
            places <<= bits
            places |= positions[block]
            least = np.minimum.accumulate(np.append(places, least_after)[::-1])[::-1]
            late += int(np.count_nonzero(least[1:] < places))
            least_after = int(least[0])
        return late

    def _repeated_pairs(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Places in `positions` of rows whose user has the item in another row."""
        pairs = users[self.positions].astype(np.int64)
        pairs *= int(items.max(initial=0)) + 1
        pairs += items[self.positions]
        return _repeated(pairs)

    def _duplicates(self, places: np.ndarray, same: Mapping[str, np.ndarray]) -> np.ndarray:
        """Those of these places of which a later one has equal columns."""
        rows = self.positions[places]
        frame = pd.DataFrame({key: column[rows] for key, column in same.items()})
        return places[frame.duplicated(keep="last").to_numpy()]

    def _drop(self, places: np.ndarray) -> None:
        if places.size:
            self.positions = np.delete(self.positions, places)
            if self.users is not None:
                self.users = np.delete(self.users, places)
                self.times = np.delete(self.times, places)
