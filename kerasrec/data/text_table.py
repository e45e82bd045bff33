"""Delimited text files as tables."""

import contextlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.arrow_columns import concatenated
from kerasrec.data.reading_memory import NUMBER, TEXT_FILE, check_rows, text_width
from kerasrec.data.table import Table
from kerasrec.data.table_files import (
    PACKED,
    TEXT_SUFFIXES,
    check_unchanged,
    partition,
    states,
    table_files,
)
from kerasrec.data.text_columns import read_columns
from kerasrec.data.text_file import check_lines, unpacked
from kerasrec.errors import InputError

SAMPLE = 200  # lines that the types of columns are guessed from
UNPACKED = 3  # bytes of a packed text file at least, where it has one
# Only an empty field is missing: a user may well be called "NA".
MISSING = {"keep_default_na": False, "na_values": [""]}


def read_csv(
    path: str | Path,
    text: Iterable[Any] = (),
    only: Iterable[Any] | None = None,
    separator: str = ",",
    on_error: str = "raise",
) -> Table:
    """Read a delimited text file (also .gz, .bz2, .xz, .zst, .zip), or parts sorted by name.

    The parts are those of a folder, or what matches a path with wildcards: `logs/2024-*.csv`.

    Args:
        text: columns to keep as text, so that "007" stays "007"; others are numbers where they can.
        only: the columns to keep, None = all.

    Raises:
        InputError: no such file, a row with more fields than the header, a quote left open.
    """
    path = Path(path)
    files = table_files(path, TEXT_SUFFIXES)
    before = states(files)
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
        blank.append(blank_rows(frame))
        folders = {k: value for k, value in folders.items() if wanted is None or k in wanted}
        frame = frame.assign(**folders) if folders else frame
        frames.append(frame)
    check_unchanged(files, before)
    frame = concatenated(frames)
    parts = [(str(file), len(part)) for file, part in zip(files, frames, strict=True)]
    table = Table(frame, parts, 2, header, on_error, text_file=True)
    blank = np.concatenate(blank)
    if blank.any():
        table.keep = ~blank
        table.dropped["blank line"] = int(blank.sum())
    return table


def csv_batches(
    file: Path, text: Iterable[Any], separator: str, rows: int
) -> Iterator[pd.DataFrame]:
    """All columns of a text file, so many rows at a time, as `read_csv` reads them."""
    with _named(file, separator):
        names, how = list(_head(file, separator, 1).columns), _dialect(separator)
        if how["engine"] == "c":
            how["low_memory"] = False
        with unpacked(file) as binary:
            reader = pd.read_csv(
                binary,
                dtype=dict.fromkeys([name for name in names if name in set(text)], str),
                skip_blank_lines=False,
                chunksize=rows,
                **MISSING,
                **how,
            )
            for frame in reader:
                if not isinstance(frame.index, pd.RangeIndex):
                    check_lines(file, separator)
                    raise _wider(file)
                if any(_holds_line_break(frame[column]) for column in frame):
                    check_lines(file, separator)
                yield frame.reset_index(drop=True)


def blank_rows(frame: pd.DataFrame) -> np.ndarray:
    """Which rows have no value at all."""
    blank = np.full(len(frame), bool(len(frame.columns)))
    for column in frame:
        blank &= frame[column].isna().to_numpy()
    return blank


def estimated_rows(files: list[Path], separator: str) -> int:
    """How many rows text files have, by their size and the first rows."""
    with _named(files[0], separator):
        sample = _head(files[0], separator, SAMPLE)
    return _size(files, sample, [], [])[0]


def first_rows(path: Path, rows: int, separator: str | None = None) -> tuple[str, pd.DataFrame]:
    """The separator of a text file, and its first rows, all columns as text.

    Where no separator is given, it is the one that is most frequent in the header.
    """
    file = table_files(path, TEXT_SUFFIXES)[0]
    if separator is None:
        with unpacked(file) as binary, io.TextIOWrapper(binary, "utf-8-sig", "replace") as text:
            header = text.readline()
        # Ten colons are five separators of two.
        counts = {sign: header.count(sign) for sign in (",", "\t", ";", "|", "::")}
        separator = max(counts, key=counts.get)
    with _named(file, separator):
        frame = _head(file, separator, rows)
    for column, value in partition(path, file).items():
        if column not in list(frame):
            frame[column] = value
    return separator, frame


def _read_part(
    file: Path, text: list[Any], separator: str, wanted: set[Any] | None, ahead: list[Path]
) -> tuple[list[str], pd.DataFrame]:
    """The names in the header, those that come twice as well, and the rows.

    Where each line of the file has each field, only the wanted columns are parsed. `ahead` are the
    files that are still to be read, this one included.
    """
    how = _dialect(separator)
    with _named(file, separator):
        sample = _head(file, separator, SAMPLE)
        names = list(sample.columns)
        if wanted is not None and len(separator) == 1 and len(set(names)) == len(names) > 1:
            named = [name for name in names if name in wanted]
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
    if not isinstance(frame.index, pd.RangeIndex):
        check_lines(file, separator)
        raise _wider(file)
    if any(_holds_line_break(frame[column]) for column in frame):
        check_lines(file, separator)
    return names, frame


def _head(file: Path, separator: str, rows: int) -> pd.DataFrame:
    """The first rows as text, with the names of the header, those that come twice as well."""
    # A header that is read as data keeps them.
    with unpacked(file) as binary:
        head = pd.read_csv(
            binary, nrows=rows, header=None, dtype=str, **MISSING, **_dialect(separator)
        )
    names = [f"Unnamed: {i}" if pd.isna(name) else name for i, name in head.iloc[0].items()]
    return head.iloc[1:].set_axis(names, axis=1)


def _dialect(separator: str) -> dict[str, Any]:
    """The arguments of pandas for a separator."""
    if len(separator) > 1:
        return {"sep": re.escape(separator), "encoding": "utf-8", "engine": "python"}
    return {"sep": separator, "encoding": "utf-8", "engine": "c"}


@contextlib.contextmanager
def _named(file: Path, separator: str) -> Iterator[None]:
    """Errors of pandas with the name of the file and, where it can be found, the line."""
    try:
        yield
    except pd.errors.EmptyDataError:
        raise InputError(f"{file}: the file is empty.") from None
    except pd.errors.ParserError as error:
        check_lines(file, separator)
        raise InputError(f"{file}: cannot be read: {error}".rstrip()) from error


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


def _wider(file: Path) -> InputError:
    return InputError(f"{file}: the rows have more fields than the header has names.")


def _holds_line_break(series: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return False
    return bool(series.astype("str").str.contains("\n", regex=False, na=False).any())
