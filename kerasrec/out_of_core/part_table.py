"""One part of a prepared folder, read by row groups."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.table_files import states
from kerasrec.errors import InputError

TYPES = {
    "user": np.int32,
    "item": np.int32,
    "timestamp": np.int64,
    "value": np.float32,
    "behavior": np.int32,
    "fold": np.int32,
    "place": np.int64,
}
NEEDED = ("user", "item", "place")

Columns = dict[str, np.ndarray]


class PartTable:
    """The rows of train, validation or test, sorted by user and then in time order.

    Args:
        folder: of the part, one or more Parquet files, which follow one another by name.
        counts: int64 (user rows,), how many rows of each user there are, by `users.parquet`.

    Attributes:
        columns: the names of its columns.
        rows: how many rows there are.
        groups: (file, row group, rows) of each row group, in order.
        first: int64 (user rows + 1,), where the rows of each user begin.

    Raises:
        InputError: a column that is missing or unknown, or other rows than `counts` says.
    """

    def __init__(self, folder: Path, counts: np.ndarray):
        self.folder = Path(folder)
        self._parts = ParquetParts(folder)
        self.columns = tuple(self._parts.header)
        unknown = [name for name in self.columns if name not in TYPES]
        missing = [name for name in NEEDED if name not in self.columns]
        if unknown or missing:
            raise InputError(
                f"{folder}: a prepared part has the columns {', '.join(NEEDED)} and any of "
                f"{', '.join(TYPES)}; {'missing' if missing else 'unknown'}: {missing or unknown}."
            )
        self.groups = [
            (file, group, size)
            for file, sizes in enumerate(self._parts.sizes)
            for group, size in enumerate(sizes)
            if size
        ]
        self.rows = sum(size for *_, size in self.groups)
        if self.rows != counts.sum():
            raise InputError(
                f"{folder}: {self.rows:,} rows, but users.parquet counts {counts.sum():,}: the "
                "folder is damaged or of two preparations. Remove it and prepare it again."
            )
        self.first = np.concatenate([[0], np.cumsum(counts)])

    def chunks(self, names: Iterable[str] | None = None) -> Iterator[Columns]:
        """All rows, one row group at a time."""
        names = list(self.columns if names is None else names)
        for number in range(len(self.groups)):
            yield self.group(number, names)

    def group(self, number: int, names: Iterable[str]) -> Columns:
        """The columns of one row group.

        Raises:
            InputError: a missing value, a type that does not fit, or a file that was changed.
        """
        file, group, _ = self.groups[number]
        frame = self._parts.frame(file, names, group)
        self._parts.check_unchanged()
        found = {}
        for name in frame:
            values = frame[name].to_numpy()
            if values.dtype.kind not in "iuf" or values.dtype.kind != np.dtype(TYPES[name]).kind:
                kind = np.dtype(TYPES[name])
                raise InputError(
                    f"{self._parts.files[file]}: column {name!r} is {values.dtype} or has missing "
                    f"values; a prepared part has {kind}."
                )
            found[name] = values.astype(TYPES[name], copy=False)
        return found

    def sorted_chunks(self) -> Iterator[Columns]:
        """All rows, one row group at a time; InputError if they are not in order."""
        begin, latest = 0, (-1, -1)
        for columns in self.chunks():
            user, place = columns["user"], columns["place"]
            end = begin + len(user)
            rises = (user[1:] > user[:-1]) | ((user[1:] == user[:-1]) & (place[1:] > place[:-1]))
            follows = rises.all() and latest < (int(user[0]), int(place[0]))
            if not follows or not self._counted(user, begin, end):
                raise InputError(
                    f"{self.folder}: the rows are not sorted by user and then by place, as in a "
                    "prepared folder, or users.parquet counts others."
                )
            yield columns
            begin, latest = end, (int(user[-1]), int(place[-1]))

    def states(self) -> list[list[Any]]:
        """[name, bytes, time of the last change in ns] of each file."""
        files = self._parts.files
        return [[str(file.relative_to(self.folder.parent)), *state]
                for file, state in zip(files, states(files), strict=True)]  # fmt: skip

    def _counted(self, user: np.ndarray, begin: int, end: int) -> bool:
        """Whether the rows `begin` to `end` have the users that `counts` says."""
        low, high = int(user[0]), int(user[-1]) + 1
        if not 0 <= low < high < len(self.first):
            return False
        starts = np.maximum(self.first[low:high], begin)
        lengths = np.minimum(self.first[low + 1 : high + 1], end) - starts
        if (lengths < 0).any() or lengths.sum() != len(user):
            return False
        return np.array_equal(user, np.repeat(np.arange(low, high), lengths))
