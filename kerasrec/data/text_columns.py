"""Named columns of a text file, by Arrow: the others are stepped over, neither parsed nor kept."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from kerasrec.data.arrow_columns import arrow_frame
from kerasrec.data.text_file import check_lines, unpacked

BLOCK = 2**22  # bytes parsed in one go
INTEGER = re.compile(r"-?\d{1,18}")
NUMBER = re.compile(r"(?i)-?(\d+(\.\d*)?(e[+-]?\d+)?|inf|infinity)")
WORDS = re.compile(r"(?i)true|false")


def read_columns(
    file: Path, separator: str, names: Sequence[Any], text: Sequence[Any], sample: pd.DataFrame
) -> pd.DataFrame | None:
    """These columns of a file in which each line has each field; None for any other file.

    Args:
        file: the file, packed or not.
        separator: one character.
        names: the columns to read.
        text: those of them that stay text.
        sample: the first rows, all as text, from which the types of the others are guessed.

    Raises:
        InputError: a quote that is left open.
    """
    import pyarrow

    text = [name for name in names if name in text]
    for types in _types(sample[[name for name in names if name not in text]]):
        try:
            table, lines = _parsed(file, separator, names, types)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowKeyError, OSError, EOFError):
            # Too few fields, blank lines, a word among numbers: pandas and its reader know more.
            continue
        if _has_nan(table):
            continue
        if lines != table.num_rows + 1:
            check_lines(file, separator)
        return arrow_frame(table, text)
    return None


def _types(sample: pd.DataFrame) -> Iterator[dict[Any, str]]:
    """By column, the types to try: those of the sample, then wider ones."""
    kinds = {}
    for name, column in sample.items():
        values = column.dropna().tolist()
        if any(map(WORDS.fullmatch, values)):
            return
        if not values or not all(map(NUMBER.fullmatch, values)):
            kinds[name] = "string"
        else:
            kinds[name] = "int64" if all(map(INTEGER.fullmatch, values)) else "float64"
    yield kinds
    if "int64" in kinds.values():
        yield {name: "float64" if kind == "int64" else kind for name, kind in kinds.items()}


def _parsed(
    file: Path, separator: str, names: Sequence[Any], types: dict[Any, str]
) -> tuple[Any, int]:
    """The columns as a pyarrow Table, and the number of lines of the file."""
    import pyarrow
    from pyarrow import csv

    columns = {name: types.get(name, "string") for name in names}
    with unpacked(file) as binary:
        lines = _Lines(binary)
        table = csv.read_csv(
            pyarrow.PythonFile(lines, mode="r"),
            csv.ReadOptions(block_size=BLOCK),
            csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=False
            ),
            csv.ConvertOptions(
                include_columns=list(names),
                column_types={name: pyarrow.type_for_alias(kind) for name, kind in columns.items()},
                # Only an empty field is missing: a user may well be called "NA".
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    return table, lines.count()


def _has_nan(table: Any) -> bool:
    """Whether a column of numbers holds the word nan, which is to be named as the file has it."""
    import pyarrow.compute as compute
    from pyarrow import types

    return any(
        types.is_floating(column.type) and compute.any(compute.is_nan(column)).as_py()
        for column in table.columns
    )


class _Lines:
    """A binary file that counts the lines that are read from it."""

    def __init__(self, binary: BinaryIO):
        self.closed = False
        self._binary, self._ends, self._last = binary, 0, b""

    def read(self, size: int = -1) -> bytes:
        block = self._binary.read(size)
        if block:
            ends = block.count(b"\n")
            if b"\r" in block or self._last == b"\r":
                # "\r\n" is one end of a line, and may lie across two blocks.
                ends += block.count(b"\r") - (self._last + block).count(b"\r\n")
            self._ends, self._last = self._ends + ends, block[-1:]
        return block

    def count(self) -> int:
        """The lines so far, the last one with or without an end."""
        return self._ends + (self._last not in (b"\n", b"\r", b""))

    def close(self) -> None:
        """Leaves the file to whoever opened it."""
