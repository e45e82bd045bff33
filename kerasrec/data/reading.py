"""Files and frames to tables."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.arrow_columns import arrow_frame, concatenated
from kerasrec.data.parquet_parts import read_parquet
from kerasrec.data.reading_memory import NUMBER, TEXT_FILE, check_rows, text_width
from kerasrec.data.table import Table
from kerasrec.data.table_files import (
    PACKED,
    TEXT_SUFFIXES,
    is_parquet,
    partition,
    table_files,
)
from kerasrec.data.text_columns import read_columns
from kerasrec.data.text_file import check_lines, unpacked
from kerasrec.errors import InputError

SAMPLE = 200  # lines that the types of columns are guessed from
UNPACKED = 3  # bytes of a packed text file at least, where it has one
# Only an empty field is missing: a user may well be called "NA".
MISSING = {"keep_default_na": False, "na_values": [""]}


def as_table(
    source: Any,
    where: str,
    text: Iterable[Any] = (),
    on_error: str = "raise",
    only: Iterable[Any] | None = None,
    ids: Iterable[Any] = (),
) -> Table:
    """A Table of a frame, of a file or folder (by its extension), or of a Table as it is.

    A frame is one of pandas, or of any library that hands its columns on by Arrow's interface
    (polars, pyarrow, DuckDB) or has a `to_pandas`.

    Args:
        text: columns of a text file to keep as text.
        only: the columns to keep, None = all.
        ids: columns of which texts are encoded, see `read_parquet`.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, str | Path):
        path = Path(source)
        if is_parquet(path):
            return read_parquet(path, only, on_error, ids)
        tabs = ".tsv" in table_files(path, TEXT_SUFFIXES)[0].suffixes
        separator = "\t" if tabs else ","
        return read_csv(path, text, only, separator, on_error)
    frame, header = _frame(source, where, only, ids)
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
        raise InputError(
            f"{where}: expected a path or a DataFrame (of pandas, polars or pyarrow), got {kind}."
        )
    return frame, list(frame.columns)


def read_csv(
    path: str | Path,
    text: Iterable[Any] = (),
    only: Iterable[Any] | None = None,
    separator: str = ",",
    on_error: str = "raise",
) -> Table:
    """Read a delimited text file (also .gz, .bz2, .xz, .zip), or a folder of parts sorted by name.

    Args:
        text: columns to keep as text, so that "007" stays "007"; others are numbers where they can.
        only: the columns to keep, None = all.

    Raises:
        InputError: no such file, a row with more fields than the header, a quote left open.
    """
    path = Path(path)
    files = table_files(path, TEXT_SUFFIXES)
    frames, blank, header, wanted = [], [], None, None if only is None else set(only)
    for place, file in enumerate(files):
        names, frame = _read_part(file, list(text), separator, wanted, files[place:])
        folders = {k: value for k, value in partition(path, file).items() if k not in names}
        names += folders
        if header is not None and names != header:
            raise InputError(f"{file}: the columns {names} differ from {header} in {files[0]}.")
        header = names
        if wanted is not None:
            frame = frame[[column for column in frame if column in wanted]]
        blank.append(_blank(frame))
        folders = {k: value for k, value in folders.items() if wanted is None or k in wanted}
        frame = frame.assign(**folders) if folders else frame
        frames.append(frame)
    frame = concatenated(frames)
    parts = [(str(file), len(part)) for file, part in zip(files, frames, strict=True)]
    table = Table(frame, parts, 2, header, on_error, text_file=True)
    blank = np.concatenate(blank)
    if blank.any():
        table.keep = ~blank
        table.dropped["blank line"] = int(blank.sum())
    return table


def _read_part(
    file: Path, text: list[Any], separator: str, wanted: set[Any] | None, ahead: list[Path]
) -> tuple[list[str], pd.DataFrame]:
    """The names in the header, those that come twice as well, and the rows.

    Where each line of the file has each field, only the wanted columns are parsed. `ahead` are the
    files that are still to be read, this one included.
    """
    how = {"sep": separator, "encoding": "utf-8", "engine": "c"}
    if len(separator) > 1:
        how.update(sep=re.escape(separator), engine="python")
    try:
        # A header that is read as data keeps names that come twice.
        with unpacked(file) as binary:
            head = pd.read_csv(binary, nrows=SAMPLE, header=None, dtype=str, **MISSING, **how)
        first_line = head.iloc[0]
        names = [f"Unnamed: {i}" if pd.isna(name) else name for i, name in first_line.items()]
        if wanted is not None and len(separator) == 1 and len(set(names)) == len(names) > 1:
            named = [name for name in names if name in wanted]
            sample = head.iloc[1:].set_axis(names, axis=1)
            if named:
                check_rows(str(file), *_size(ahead, sample, named, text), TEXT_FILE)
            frame = read_columns(file, separator, named, text, sample) if named else None
            if frame is not None:
                return names, frame
        if how["engine"] == "c":
            how["low_memory"] = False
        with unpacked(file) as binary:
            # All columns: with usecols pandas accepts a row that has too many fields.
            frame = pd.read_csv(
                binary,
                dtype=dict.fromkeys(text, str),
                # Blank lines must count, or every row after one would be named wrongly.
                skip_blank_lines=False,
                **MISSING,
                **how,
            )
    except pd.errors.EmptyDataError:
        raise InputError(f"{file}: the file is empty.") from None
    except pd.errors.ParserError as error:
        check_lines(file, separator)
        raise InputError(f"{file}: cannot be read: {error}".rstrip()) from error
    if not isinstance(frame.index, pd.RangeIndex):
        check_lines(file, separator)
        raise InputError(f"{file}: the rows have more fields than the header has names.")
    if any(_holds_line_break(frame[column]) for column in frame):
        check_lines(file, separator)
    return names, frame


def _size(
    files: list[Path], sample: pd.DataFrame, named: list[Any], text: list[Any]
) -> tuple[int, dict[Any, float]]:
    """How many rows files have by their size and the first rows, and the bytes of each column."""
    lengths = {name: float(column.str.len().mean()) for name, column in sample.items()}
    lengths = {name: 0.0 if length != length else length for name, length in lengths.items()}
    size = sum(file.stat().st_size * (UNPACKED if file.suffix in PACKED else 1) for file in files)
    rows = int(size / (sum(lengths.values()) + len(lengths)))
    widths = {
        name: text_width(lengths[name], True) if name in text else float(NUMBER) for name in named
    }
    return rows, widths


def _blank(frame: pd.DataFrame) -> np.ndarray:
    """Which rows have no value at all."""
    blank = np.full(len(frame), bool(len(frame.columns)))
    for column in frame:
        blank &= frame[column].isna().to_numpy()
    return blank


def _holds_line_break(series: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return False
    return bool(series.astype("str").str.contains("\n", regex=False, na=False).any())
