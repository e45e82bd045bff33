"""Files and frames to tables."""

import bz2
import csv
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from kerasrec.data.table import Table
from kerasrec.errors import InputError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".dat")


def as_table(source: Any, where: str, text: Iterable[Any] = (), on_error: str = "raise") -> Table:
    """A Table of a frame, of a file or folder (by its extension), or of a Table as it is."""
    if isinstance(source, Table):
        return source
    if isinstance(source, pd.DataFrame):
        return Table(source, [(where, len(source))], on_error=on_error)
    if not isinstance(source, str | Path):
        raise InputError(f"{where}: expected a DataFrame or a path, got {type(source).__name__}.")
    files = table_files(Path(source), (*TEXT_SUFFIXES, ".parquet"))
    if files[0].suffix == ".parquet":
        return read_parquet(source, on_error=on_error)
    separator = "\t" if ".tsv" in files[0].suffixes else ","
    return read_csv(source, text=text, separator=separator, on_error=on_error)


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
    files = table_files(Path(path), TEXT_SUFFIXES)
    how = {"sep": separator, "encoding": "utf-8", "engine": "c"}
    if len(separator) > 1:
        how.update(sep=re.escape(separator), engine="python")
    frames, header, first = [], None, None
    for file in files:
        try:
            # A header that is read as data keeps names that come twice.
            first_line = pd.read_csv(file, nrows=1, header=None, dtype=str, **how).iloc[0]
            names = [f"Unnamed: {i}" if pd.isna(name) else name for i, name in first_line.items()]
            if how["engine"] == "c":
                how["low_memory"] = False
            # All columns: with usecols pandas accepts a row that has too many fields.
            frame = pd.read_csv(
                file,
                dtype=dict.fromkeys(text, str),
                # Only an empty field is missing: a user may well be called "NA".
                keep_default_na=False,
                na_values=[""],
                # Blank lines must count, or every row after one would be named wrongly.
                skip_blank_lines=False,
                **how,
            )
        except pd.errors.EmptyDataError:
            raise InputError(f"{file}: the file is empty.") from None
        except UnicodeDecodeError as error:
            raise InputError(f"{file}: not UTF-8 text ({error}); save it as UTF-8.") from None
        except (pd.errors.ParserError, OSError, EOFError) as error:
            if isinstance(error, pd.errors.ParserError):
                _check_lines(file, separator)
            raise InputError(f"{file}: cannot be read: {error}".rstrip()) from error
        if not isinstance(frame.index, pd.RangeIndex):
            _check_lines(file, separator)
            raise InputError(f"{file}: the rows have more fields than the header has names.")
        if any(_holds_line_break(frame[column]) for column in frame):
            _check_lines(file, separator)
        if only is not None:
            frame = frame[[column for column in frame if column in set(only)]]
        if header is not None and names != header:
            raise InputError(f"{file}: the columns {names} differ from {header} in {first}.")
        header, first = names, first or file
        frames.append(frame)
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    parts = [(str(file), len(part)) for file, part in zip(files, frames, strict=True)]
    table = Table(frame, parts, first_row=2, header=header, on_error=on_error)
    blank = frame.isna().all(axis=1).to_numpy()
    if blank.any() and len(frame.columns):
        table.keep = ~blank
        table.dropped["blank line"] = int(blank.sum())
    return table


def read_parquet(
    path: str | Path, only: Iterable[Any] | None = None, on_error: str = "raise"
) -> Table:
    """Read a Parquet file, or a folder of parts sorted by name."""
    import pyarrow
    import pyarrow.parquet

    frames, header, files = [], None, table_files(Path(path), (".parquet",))
    for file in files:
        try:
            with pyarrow.parquet.ParquetFile(file) as parquet:
                names = list(parquet.schema_arrow.names)
                columns = names if only is None else [name for name in names if name in set(only)]
                table = parquet.read(columns)
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(f"{file}: not a readable Parquet file: {error}") from error
        if header is not None and names != header:
            raise InputError(f"{file}: the columns {names} differ from {header} in {files[0]}.")
        header = names
        # Integers with gaps stay integers: as floats, large ids would run into one another.
        frames.append(table.to_pandas(ignore_metadata=True, integer_object_nulls=True))
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    parts = [(str(file), len(part)) for file, part in zip(files, frames, strict=True)]
    return Table(frame, parts, header=header, on_error=on_error)


def table_files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """The file, or the parts of the folder sorted by name; InputError for anything else."""
    if path.is_dir():
        parts = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] not in "._")
        files = [part for part in parts if _suffix(part) in suffixes]
        if not files:
            raise InputError(f"{path}: the folder holds no part ending in {', '.join(suffixes)}.")
        return files
    if not path.exists():
        raise InputError(f"{path}: no such file. Relative paths start at {Path.cwd()}.")
    if _suffix(path) not in suffixes:
        raise InputError(
            f"{path}: expected a file ending in {', '.join(suffixes)}, got {path.suffix!r}. "
            "Rename it, or read it yourself and pass the DataFrame."
        )
    return [path]


def _check_lines(file: Path, separator: str) -> None:
    """InputError for the first line with an open quote or with more fields than the header."""
    if len(separator) > 1:
        return
    with _opened(file) as lines:
        reader, line, width = csv.reader(lines, delimiter=separator, strict=True), 1, None
        try:
            for fields in reader:
                width = width or len(fields)
                if len(fields) > width:
                    raise InputError(
                        f"{file}, line {line}: {len(fields)} fields, but the header has {width}. "
                        f'Take the extra {separator!r} out, or put the field with it in "quotes".'
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            raise InputError(
                f"{file}, line {line}: a quote opens a field and does not close it, so that lines "
                f'after it are lost ({error}). Close it, or write "" for a quote inside a field.'
            ) from None


def _opened(file: Path) -> TextIO:
    if file.suffix == ".zip":
        archive = zipfile.ZipFile(file)
        packed = archive.open(archive.namelist()[0])
        return io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
    read = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(file.suffix, open)
    return read(file, "rt", encoding="utf-8-sig", newline="")


def _holds_line_break(series: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return False
    return bool(series.astype("str").str.contains("\n", regex=False, na=False).any())


def _suffix(path: Path) -> str:
    packed = path.suffix in (".gz", ".bz2", ".xz", ".zip")
    return Path(path.stem).suffix if packed else path.suffix
