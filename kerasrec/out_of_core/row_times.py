"""The times of a table that is read in chunks."""

from pathlib import Path

import numpy as np
import pandas as pd

from kerasrec.data.table import Table
from kerasrec.errors import InputError
from kerasrec.out_of_core.raw_column import RawColumn
from kerasrec.out_of_core.scratch_column import in_blocks
from kerasrec.out_of_core.table_chunks import TableChunks


class RowTimes:
    """Keeps numbers as they are in a file, since the largest of all says what unit they are in.

    Dates are read at once.

    Args:
        path: of the file.
        chunks: the table; it has a column of times.
    """

    def __init__(self, path: Path, chunks: TableChunks):
        self._chunks, self._column = chunks, chunks.columns["timestamp"]
        self._file, self._rows = RawColumn(path, np.int64), 0
        self._keep: list[np.ndarray] = []
        self._parts: dict[str, int] = {}
        self._dates: bool | None = None

    def add(self, table: Table) -> None:
        """The times of a chunk; InputError for dates that follow numbers, or a bad date."""
        series = table.frame[self._column]
        dates = not pd.api.types.is_numeric_dtype(series.dtype)
        if self._dates is not None and self._dates != dates:
            self._refuse(table, dates)
        self._dates = dates
        values = table.times("timestamp", self._column)[1] if dates else series.to_numpy()
        if values.dtype.kind == "f" and self._file.dtype != np.float64:
            before = self._file.values(self._rows) if self._rows else np.zeros(0)
            self._file.dtype = np.dtype(np.float64)
            self._file.replace(in_blocks(before))
        self._file.append(values)
        self._rows += len(values)
        self._keep.append(table.keep)
        self._parts[table.where] = self._parts.get(table.where, 0) + len(values)

    def _refuse(self, table: Table, dates: bool) -> None:
        """InputError for a chunk of dates after numbers, or the other way round."""
        first = 0
        if dates:
            # One word makes a chunk of numbers in a text file one of texts.
            series = table.frame[self._column]
            words = pd.to_numeric(series, errors="coerce").isna().to_numpy() & table.keep
            first = int(words.argmax())
            if words.sum() * 2 <= table.keep.sum():
                table.times("timestamp", self._column)
        kind, other = ("dates", "numbers") if dates else ("numbers", "dates")
        raise InputError(
            f"{table.place(first, self._column)}: from here on the times are {kind}, and before "
            f"they are {other}: write all alike."
        )

    def seconds(self) -> np.ndarray:
        """int64 Unix seconds of the rows that are kept; InputError for a bad or strange time."""
        values, keep = self._file.values(self._rows), np.concatenate(self._keep)
        if not self._dates:
            frame = pd.DataFrame({self._column: values}, copy=False)
            first = 2 if self._chunks.text_file else 0
            table = Table(frame, list(self._parts.items()), first)
            table.keep = keep
            values = table.times("timestamp", self._column)[1]
        return values if keep.all() else values[keep]
