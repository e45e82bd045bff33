"""A Parquet table as a table `raw` of DuckDB, checked as the reader in memory checks it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kerasrec.data.clean_rows import COLUMNS
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.table import LARGEST, TIME_UNITS, Table
from kerasrec.data.table_files import TEXT_SUFFIXES, partition, states, suffix
from kerasrec.errors import InputError
from kerasrec.out_of_core.column_type import INTEGERS, column_type
from kerasrec.out_of_core.database import named, quoted, single_row

IDS = ("user", "item", "behavior")
ADVICE = "Correct it, or leave the row out by a query (`SqlQuery`)."
# DuckDB's function for files of other formats, by their suffix.
_READERS = dict.fromkeys(TEXT_SUFFIXES, "read_csv")
_READERS |= dict.fromkeys((".json", ".jsonl", ".ndjson"), "read_json")


def resolve(where: str, header: Sequence[str], columns: Mapping[str, Any] | None) -> dict[str, Any]:
    """Key -> column, of those that there are; InputError for a missing one."""
    table = Table(pd.DataFrame(), [(where, 0)], header=list(header))
    return table.resolve(columns, COLUMNS, needed=("user", "item"))


class Source:
    """The parts of a Parquet table and the columns that are read of them.

    Args:
        path: a file, a folder of parts or a path with wildcards, see `ParquetParts`.
        columns: key -> column, see `Interactions.from_frame`.
        where: the name of the table in messages; that of its files if not given.

    Attributes:
        columns: key -> column, of those that there are.
        rows: rows of all parts.
        dates: whether the times are dates and not integers.

    Raises:
        InputError: no such file or column, no rows, or parts that differ in columns or types.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Mapping[str, Any] | None = None,
        where: str | None = None,
    ):
        self.path, self.where, self._named = Path(path), where or str(path), where
        if (reader := _READERS.get(suffix(self.path))) is not None:
            raise InputError(
                f"{path}: `prepare` reads Parquet, and other files by a query: "
                f'prepare(SqlQuery("select * from {reader}({quoted(self.path)})"), ...).'
            )
        self.parts = ParquetParts(path)
        self.columns = resolve(self.where, self.parts.header, columns)
        self.parts.check(self.columns.values())
        self.rows = sum(map(sum, self.parts.sizes))
        if not self.rows:
            raise InputError(f"{self.where}: no data rows.")
        self.files = [
            {"file": str(file.absolute()), "bytes": size, "modified_ns": modified}
            for file, (size, modified) in zip(
                self.parts.files, states(self.parts.files), strict=True
            )
        ]
        self.dates = False

    def load(self, database: Any, advance: Callable[[int], None]) -> None:
        """Makes the table `raw`: position, the ids as texts, `ord` (a time), value, fold.

        `position` is the place of a row in the source; the parts follow one another.

        Args:
            advance: called with the number of rows of each part that was read.

        Raises:
            InputError: a column of another type, a bad value, or a part that changes meanwhile.
        """
        kinds = {"ord": "bigint", "value": "double", "fold": "bigint"}
        names = ["ord" if key == "timestamp" else key for key in self.columns]
        stored = ", ".join(f"{name} {kinds.get(name, 'varchar')}" for name in names)
        database.execute(f"create table raw (position bigint, {stored})")
        start = 0
        for file, sizes in zip(self.parts.files, self.parts.sizes, strict=True):
            self._load_part(database, file, start)
            start += sum(sizes)
            advance(sum(sizes))
        self.parts.check_unchanged()
        self._check_values(database)

    def _load_part(self, database: Any, file: Path, start: int) -> None:
        if any(sign in str(file) for sign in "*?["):
            raise InputError(f"{file}: DuckDB reads *, ? and [ as wildcards; rename the file.")
        folders = partition(self.path, file)
        rows = f"read_parquet({quoted(file)}, file_row_number=true, hive_partitioning=false)"
        described = database.execute(f"describe select * from {rows}").fetchall()
        # DuckDB renames columns that differ in upper and lower case alone; the last is the number.
        inside = dict(zip(self.parts.header, described[:-1], strict=False))
        selected, parameters = [], []
        for key, column in self.columns.items():
            if column in inside:
                name, kind, *_ = inside[column]
                stored = column_type(self._named or str(file), key, column, kind)
                self.dates |= key == "timestamp" and kind not in INTEGERS
                selected.append(stored.sql.format(named(name)))
            elif key in IDS:
                selected.append("?")
                parameters.append(folders[column])
            else:
                raise InputError(
                    f"{file}: column {column!r} (for {key!r}) is the name of a folder, which is "
                    "text. `prepare` reads ids from folders only: write it as a column."
                )
        database.execute(
            f"insert into raw select {start} + file_row_number, {', '.join(selected)} from {rows}",
            parameters,
        )

    def time_unit(self, database: Any) -> int:
        """How many units of `ord` are a second; InputError if the units are mixed."""
        if self.dates:
            return 10**6
        (largest,) = single_row(database, "select max(abs(ord)) from raw")
        level = next(i for i, unit in enumerate(TIME_UNITS) if largest < unit[0])
        _, scale, unit = TIME_UNITS[level]
        if level:
            mixed = f"abs(ord) >= 1e8 and abs(ord) < {TIME_UNITS[level - 1][0]}"
            self._reject(
                database,
                "timestamp",
                mixed,
                "{} does not look like " + unit + ", which the largest time is in",
            )
        return scale

    def _check_values(self, database: Any) -> None:
        for key in self.columns:
            name = "ord" if key == "timestamp" else key
            self._reject(database, key, f"{name} is null", f"the {key} is missing")
        if "fold" in self.columns:
            self._reject(database, "fold", f"abs(fold) >= {2**31}", "{} has more than 32 bits")
        if "value" in self.columns:
            self._reject(database, "value", "isnan(value)", "{} is not a number")
            self._reject(database, "value", "isinf(value)", "{} is not a finite number")
            large = f"abs(value) > {LARGEST!r}"
            message = f"{{}} is beyond float32, which ends at {LARGEST:.3g}"
            self._reject(database, "value", large, message)

    def _reject(self, database: Any, key: str, bad: str, problem: str) -> None:
        """InputError for the first row where the condition `bad` holds."""
        name = "ord" if key == "timestamp" else key
        count, first, value = single_row(
            database,
            f"select count(*), min(position), arg_min({name}, position) from raw where {bad}",
        )
        if count:
            more = f" ({count:,} rows like this)" if count > 1 else ""
            raise InputError(f"{self.place(first, key)}: {problem.format(value)}{more}. {ADVICE}")

    def place(self, position: int, key: str) -> str:
        """The name of a value for an error message."""
        for file, sizes in zip(self.parts.files, self.parts.sizes, strict=True):
            if position < sum(sizes):
                return f"{self._named or file}, row {position}, column {self.columns[key]!r}"
            position -= sum(sizes)
        raise AssertionError(position)
