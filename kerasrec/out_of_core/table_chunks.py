"""A table from outside, some rows at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from kerasrec.data.arrow_columns import arrow_frame
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.sql_table import query_result
from kerasrec.data.table import Table
from kerasrec.data.table_files import (
    TEXT_SUFFIXES,
    check_unchanged,
    is_parquet,
    partition,
    states,
    table_files,
)
from kerasrec.data.text_table import blank_rows, csv_batches, estimated_rows, first_rows
from kerasrec.data.wanted_columns import WantedColumns
from kerasrec.errors import InputError
from kerasrec.out_of_core.database import limits
from kerasrec.out_of_core.sql_query import WHERE, SqlQuery

CHUNK = 2**18  # rows


class TableChunks:
    """The rows of a Parquet table, of text files or of a query, as one `Table` after the other.

    A chunk names its rows as the whole table would in an error. In text files an id such as 4.0 is
    left as it is: whether it is the integer 4 depends on the ids of all chunks.

    Args:
        source: a file, a folder of parts, a path with wildcards, or an `SqlQuery`.
        wanted: the columns to read.
        separator: of text files; None = a tab in a .tsv file, else a comma.

    Attributes:
        where: the name of the table in messages.
        text_file: whether a number has no type.
        files: what is compared to find out whether the table has changed.
        rows: how many there are; of text files an estimate, None of a query.
        columns: key -> column, of those that there are.

    Raises:
        InputError: no such file, parts that differ, a missing column.
    """

    def __init__(self, source: str | Path | SqlQuery, wanted: WantedColumns, separator: str | None):
        self._wanted, self._query, self._parts = wanted, None, None
        self.text_file, self.rows, self._paths = False, None, []
        if isinstance(source, SqlQuery):
            self._query, self.where = source.text, WHERE
            self.files = [{"sql": source.text}]
            with query_result(source.text) as rows:
                header = list(rows.columns)
        else:
            self.where, self._path = str(source), Path(source)
            if is_parquet(self._path):
                self._parts = ParquetParts(self._path)
                self._paths, header, self.rows = (
                    self._parts.files, self._parts.header, self._parts.rows,
                )  # fmt: skip
            else:
                self.text_file, self._paths = True, table_files(self._path, TEXT_SUFFIXES)
                tabs = ".tsv" in self._paths[0].suffixes
                self._separator = separator or ("\t" if tabs else ",")
                header = list(first_rows(self._path, 1, self._separator)[1].columns)
                self.rows = estimated_rows(self._paths, self._separator)
            self._before = states(self._paths)
            self.files = [
                {"file": str(file.absolute()), "bytes": size, "modified_ns": modified}
                for file, (size, modified) in zip(self._paths, self._before, strict=True)
            ]
        names = Table(pd.DataFrame(), [(self.where, 0)], header=header, text_file=self.text_file)
        self.columns = wanted.find(names)
        self._header = header
        self._names = [name for name in header if name in set(wanted.names)]
        if self._parts is not None:
            self._parts.check(self._names)

    def tables(self, work: Path, memory: float) -> Iterator[Table]:
        """The chunks. A query spills into the folder `work` what is more than `memory` GiB.

        Raises:
            InputError: a query that fails, or a file that is not readable or changes meanwhile.
        """
        if self._query is not None:
            yield from self._of_query(work, memory)
            return
        for number, file in enumerate(self._paths):
            first = 2 if self.text_file else 0
            for frame, keep in self._of_file(number, file):
                table = Table(frame[self._names], [(str(file), len(frame))], first, whole=False)
                if keep is not None:
                    table.keep = keep
                first += len(frame)
                yield table
        check_unchanged(self._paths, self._before)

    def _of_file(self, number: int, file: Path) -> Iterator[tuple[pd.DataFrame, np.ndarray | None]]:
        """Frames, and of a text file which of their rows are not blank."""
        if self._parts is not None:
            ids = [name for name in self._names if name in set(self._wanted.ids)]
            for frame in self._parts.batches(number, self._names, CHUNK, ids):
                yield frame, None
            return
        header, folders = list(first_rows(file, 1, self._separator)[1]), partition(self._path, file)
        folders = {key: value for key, value in folders.items() if key not in header}
        if header + [*folders] != self._header:
            raise InputError(
                f"{file}: the columns {header + [*folders]} differ from {self._header} in "
                f"{self._paths[0]}."
            )
        for frame in csv_batches(file, self._wanted.texts, self._separator, CHUNK):
            keep = ~blank_rows(frame[[name for name in self._names if name not in folders]])
            frame = frame.assign(**folders)
            # The types of a part without rows say nothing.
            if len(frame):
                yield frame, keep

    def _of_query(self, work: Path, memory: float) -> Iterator[Table]:
        import pyarrow

        first = 0
        with query_result(self._query, limits(work, memory, None)) as rows:
            # DuckDB 1.1 knows it by an older name.
            read = getattr(rows, "to_arrow_reader", None) or rows.fetch_arrow_reader
            for batch in read(CHUNK):
                frame = arrow_frame(pyarrow.Table.from_batches([batch]), self._wanted.ids)
                yield Table(frame[self._names], [(WHERE, len(frame))], first, whole=False)
                first += len(frame)
