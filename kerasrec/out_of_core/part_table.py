"""One part of a prepared folder, read by row groups."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from kerasrec.data.parquet_parts import ParquetParts
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
                "folder is damaged or of two preparations. Prepare it again."
            )
        self._first = np.concatenate([[0], np.cumsum(counts)])

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

    def of_users(self, users: np.ndarray) -> Columns:
        """The rows of some users, all columns; row groups without them are not read.

        Args:
            users: rows of users, ascending, each once.

        Raises:
            InputError: rows that are not sorted by user.
        """
        starts, stops = self._first[users], self._first[users + 1]
        found: dict[str, list[np.ndarray]] = {name: [] for name in self.columns}
        begin = 0
        for number, (*_, size) in enumerate(self.groups):
            end = begin + size
            low, high = np.searchsorted(stops, begin, "right"), np.searchsorted(starts, end)
            if low < high and (starts[low:high] < stops[low:high]).any():
                columns = self.group(number, self.columns)
                ranges = zip(starts[low:high].tolist(), stops[low:high].tolist(), strict=True)
                kept = np.zeros(size, dtype=bool)
                for start, stop in ranges:
                    kept[max(start - begin, 0) : min(stop - begin, size)] = True
                for name, values in columns.items():
                    found[name].append(values[kept])
            begin = end
        columns = {
            name: np.concatenate([np.zeros(0, TYPES[name]), *parts])
            for name, parts in found.items()
        }
        expected = np.repeat(users, (stops - starts))
        if not np.array_equal(columns["user"], expected):
            raise InputError(
                f"{self.folder}: the rows are not sorted by user and then by place, as in a "
                "prepared folder, or users.parquet counts others."
            )
        return columns
