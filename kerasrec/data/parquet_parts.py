"""Parquet, one file or many, as frames."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.arrow_columns import arrow_frame, categorical, concatenated, dictionary, is_text
from kerasrec.data.reading_memory import NUMBER, ON_DISK, check_rows, needed_bytes, text_width
from kerasrec.data.table import Table
from kerasrec.data.table_files import (
    PARQUET_SUFFIXES,
    check_unchanged,
    partition,
    states,
    table_files,
)
from kerasrec.errors import InputError
from kerasrec.tables.memory import free_memory

SAMPLE = 1000  # rows by which the length of texts is estimated


def read_parquet(
    path: str | Path,
    only: Iterable[Any] | None = None,
    on_error: str = "raise",
    ids: Iterable[Any] = (),
) -> Table:
    """Read a Parquet file, or a folder of parts sorted by name, with the columns of its folders.

    Args:
        only: the columns to read, None = all.
        ids: columns of which texts become a pandas Categorical: each distinct one is kept once.
    """
    parts = ParquetParts(path)
    columns = [name for name in parts.header if only is None or name in set(only)]
    parts.check(columns)
    encoded = [name for name in columns if name in set(ids) and parts.is_text(name)]
    others = [name for name in columns if name not in encoded]
    if columns:
        check_rows(str(path), parts.rows, parts.widths(columns, encoded), ON_DISK)
    frames = [parts.frame(part, others) for part in range(len(parts.files))]
    frame = concatenated(frames)
    # One column at a time: while it is read, its texts are in memory as often as there are rows.
    series = {name: parts.categorical(name) for name in encoded}
    parts.check_unchanged()
    if series:
        series |= {name: frame[name] for name in others}
        frame = pd.DataFrame({name: series[name] for name in columns}, copy=False)
    names = [(str(file), sum(sizes)) for file, sizes in zip(parts.files, parts.sizes, strict=True)]
    return Table(frame, names, header=parts.header, on_error=on_error)


def fits_into_memory(path: str | Path, only: Iterable[Any], ids: Iterable[Any]) -> bool:
    """Whether `read_parquet` would read these columns, by the estimate that it begins with."""
    parts = ParquetParts(path)
    columns = [name for name in parts.header if name in set(only)]
    parts.check(columns)
    encoded = [name for name in columns if name in set(ids) and parts.is_text(name)]
    return needed_bytes(parts.rows, parts.widths(columns, encoded)) <= free_memory()


class ParquetParts:
    """The files of a table; the folders `column=value` of a file are columns of it.

    Args:
        path: a file, or a folder of parts.

    Attributes:
        files: the paths, sorted by name.
        sizes: by file, the rows of each row group.
        header: the names of all columns.

    Raises:
        InputError: no file, one that is not Parquet, or parts that differ in their columns.
    """

    def __init__(self, path: str | Path):
        import pyarrow.parquet

        path = Path(path)
        self.files = table_files(path, PARQUET_SUFFIXES)
        self._states = states(self.files)
        self.header: list[str] = []
        self.sizes: list[list[int]] = []
        self._schemas: list[Any] = []
        self._partitions: list[dict[str, str | None]] = []
        for file in self.files:
            with _readable(file), pyarrow.parquet.ParquetFile(file) as parquet:
                groups, schema = parquet.metadata, parquet.schema_arrow
            # A column that is in the file, too, has its own type there.
            folders = partition(path, file).items()
            folders = {name: value for name, value in folders if name not in schema.names}
            header = [*schema.names, *folders]
            self.header = self.header or header
            if header != self.header:
                raise InputError(
                    f"{file}: the columns {header} differ from {self.header} in {self.files[0]}."
                )
            self.sizes.append([groups.row_group(i).num_rows for i in range(groups.num_row_groups)])
            self._schemas.append(schema)
            self._partitions.append(folders)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(map(sum, self.sizes))

    def check(self, columns: Iterable[str]) -> None:
        """InputError for a name of two columns, or types of different kinds in the parts."""
        for name in dict.fromkeys(columns):
            seen = None
            for file, schema in zip(self.files, self._schemas, strict=True):
                count = schema.names.count(name)
                if count > 1:
                    raise InputError(f"{file}: {count} columns are called {name!r}; rename them.")
                if not count:
                    break
                kind = _kind(schema.field(name).type)
                if kind and seen and kind != seen[0]:
                    raise InputError(
                        f"{file}: column {name!r} is {schema.field(name).type}, but {seen[1]} in "
                        f"{seen[2]}. Write all parts with one schema."
                    )
                seen = (kind, schema.field(name).type, file) if kind and not seen else seen

    def first_rows(self, rows: int) -> pd.DataFrame:
        """The first rows of the first part that has some, all columns."""
        import pyarrow
        import pyarrow.parquet

        part = next((part for part, sizes in enumerate(self.sizes) if sum(sizes)), 0)
        with _readable(self.files[part]), pyarrow.parquet.ParquetFile(self.files[part]) as parquet:
            schema = parquet.schema_arrow
            first = next(parquet.iter_batches(rows), None)
        frame = arrow_frame(pyarrow.Table.from_batches([] if first is None else [first], schema))
        return frame.assign(**self._partitions[part])

    def widths(self, columns: Iterable[str], encoded: Iterable[str]) -> dict[str, float]:
        """Bytes of a row of these columns, once they are read, by the first rows of a part."""
        import pyarrow.parquet

        part = next((part for part, sizes in enumerate(self.sizes) if sum(sizes)), 0)
        inside = [name for name in columns if name not in self._partitions[part]]
        found = dict.fromkeys(columns, float(NUMBER))
        with _readable(self.files[part]), pyarrow.parquet.ParquetFile(self.files[part]) as parquet:
            first = next(parquet.iter_batches(SAMPLE, columns=inside), None)
        for name in inside if first is not None else ():
            column = first.column(name)
            if is_text(column.type) and len(column):
                length = column.cast(pyarrow.large_string()).nbytes / len(column) - NUMBER
                found[name] = text_width(length, name in encoded)
        return found

    def check_unchanged(self) -> None:
        """InputError if a file has changed since its metadata were read."""
        check_unchanged(self.files, self._states)

    def is_text(self, name: str) -> bool:
        """Whether a column is text in every part; folders are."""
        return all(
            name in folders or (schema.names.count(name) == 1 and is_text(schema.field(name).type))
            for schema, folders in zip(self._schemas, self._partitions, strict=True)
        )

    def categorical(self, name: str) -> pd.Categorical:
        """A column of texts, each distinct one once, over all parts."""
        import pyarrow
        import pyarrow.parquet

        parts = []
        for file, sizes, folders in zip(self.files, self.sizes, self._partitions, strict=True):
            if name in folders:
                value = pyarrow.scalar(folders[name], pyarrow.large_string())
                column = pyarrow.chunked_array([pyarrow.repeat(value, sum(sizes))])
            else:
                with _readable(file), pyarrow.parquet.ParquetFile(file) as parquet:
                    column = parquet.read([name]).column(0)
            parts.append(dictionary(column))
            del column
        pyarrow.default_memory_pool().release_unused()
        return categorical(parts)

    def batches(
        self, part: int, columns: Iterable[str], rows: int, ids: Iterable[str]
    ) -> Iterator[pd.DataFrame]:
        """These columns of a file, so many rows at a time; `ids` as of `read_parquet`."""
        import pyarrow
        import pyarrow.parquet

        file, folders = self.files[part], self._partitions[part]
        inside = [name for name in columns if name not in folders]
        # Buffered ahead, all row groups that were read would stay in memory until the end.
        with _readable(file), pyarrow.parquet.ParquetFile(file, pre_buffer=False) as parquet:
            for batch in parquet.iter_batches(rows, columns=inside):
                frame = arrow_frame(pyarrow.Table.from_batches([batch]), ids)
                for name in columns:
                    if name in folders:
                        frame[name] = np.full(len(batch), folders[name], dtype=object)
                yield frame

    def frame(self, part: int, columns: Iterable[str], group: int | None = None) -> pd.DataFrame:
        """These columns of a file, or of one of its row groups."""
        import pyarrow.parquet

        file, folders = self.files[part], self._partitions[part]
        columns = list(dict.fromkeys(columns))
        inside = [name for name in columns if name not in folders]
        with _readable(file), pyarrow.parquet.ParquetFile(file) as parquet:
            table = parquet.read(inside) if group is None else parquet.read_row_group(group, inside)
            frame = arrow_frame(table)
        for name in columns:
            if name in folders:
                frame[name] = np.full(table.num_rows, folders[name], dtype=object)
        return frame


def _kind(of: Any) -> str | None:
    """The kind of a type: types of one kind give the same ids; None for a column of nulls."""
    from pyarrow import types

    if types.is_dictionary(of):
        of = of.value_type
    if types.is_null(of):
        return None
    if is_text(of):
        return "text"
    # pandas writes integers with missing values as float64, which gives the same ids.
    if types.is_integer(of) or types.is_float64(of):
        return "numbers"
    return "times" if types.is_temporal(of) else str(of)


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{file}: not a readable Parquet file: {error}") from error
