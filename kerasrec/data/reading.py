"""Files and frames to tables."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from kerasrec.data.arrow_columns import arrow_frame
from kerasrec.data.parquet_parts import read_parquet
from kerasrec.data.reading_memory import NUMBER, ON_DISK, check_rows
from kerasrec.data.table import Table
from kerasrec.data.table_files import TEXT_SUFFIXES, is_parquet, table_files
from kerasrec.data.text_table import read_csv
from kerasrec.errors import InputError


def as_table(
    source: Any,
    where: str,
    text: Iterable[Any] = (),
    on_error: str = "raise",
    only: Iterable[Any] | None = None,
    ids: Iterable[Any] = (),
    separator: str | None = None,
) -> Table:
    """A Table of a frame, of a file or folder (by its extension), or of a Table as it is.

    A frame is one of pandas, or of any library that hands its columns on by Arrow's interface
    (polars, pyarrow, DuckDB) or has a `to_pandas`.

    Args:
        text: columns of a text file to keep as text.
        only: the columns to keep, None = all.
        ids: columns of which texts are encoded, see `read_parquet`.
        separator: of a text file; None = a tab in a .tsv file, else a comma.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, str | Path):
        path = Path(source)
        if is_parquet(path):
            return read_parquet(path, only, on_error, ids)
        if separator is None:
            tabs = ".tsv" in table_files(path, TEXT_SUFFIXES)[0].suffixes
            separator = "\t" if tabs else ","
        return read_csv(path, text, only, separator, on_error)
    frame, header = _frame(source, where, only, ids)
    # The frame itself is in memory already: what is made of its columns comes on top.
    wanted = [name for name in header if only is None or name in set(only)]
    check_rows(where, len(frame), dict.fromkeys(wanted, float(NUMBER)), ON_DISK)
    return Table(frame, [(where, len(frame))], header=header, on_error=on_error)


def _frame(
    source: Any, where: str, only: Iterable[Any] | None, ids: Iterable[Any]
) -> tuple[pd.DataFrame, list[Any]]:
    """The columns as pandas, and the names of all there are."""
    if isinstance(source, pd.DataFrame):
        return source, list(source.columns)
    if hasattr(source, "__arrow_c_stream__") and not isinstance(source, pd.Series):
        import pyarrow

        table = pyarrow.table(source)
        header, wanted = table.column_names, None if only is None else set(only)
        if wanted is not None:
            table = table.select([i for i, name in enumerate(header) if name in wanted])
        return arrow_frame(table, ids), header
    frame = source.to_pandas() if hasattr(source, "to_pandas") else None
    if not isinstance(frame, pd.DataFrame):
        kind = f"{type(source).__module__}.{type(source).__qualname__}".removeprefix("builtins.")
        lazy = " It is lazy: call .collect() on it." if hasattr(source, "collect") else ""
        raise InputError(
            f"{where}: expected a path or a DataFrame (of pandas, polars or pyarrow), got {kind}."
            f"{lazy}"
        )
    return frame, list(frame.columns)
