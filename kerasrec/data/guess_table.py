"""What a table of interactions holds and how it is written, by its header and its first rows."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from kerasrec.data.description import Description
from kerasrec.data.guess_columns import NAMES, guess_columns, guess_time_format
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.table_files import is_parquet
from kerasrec.data.text_table import first_rows
from kerasrec.errors import InputError

# Rows read by which the format of times is guessed.
SAMPLE = 200


@dataclasses.dataclass(frozen=True)
class GuessedTable:
    """How to read a table of interactions.

    Args:
        path: of the table.
        columns: key -> column, see `guess_columns`.
        guessed: the keys among them that were not given.
        unused: the other columns -> a value as an example.
        clean: options of `Clean` that its values need.
        separator: of a text file, None for Parquet.
    """

    path: Path
    columns: dict[str, Any]
    guessed: tuple[str, ...]
    unused: dict[str, str]
    clean: dict[str, Any]
    separator: str | None

    def lines(self) -> list[str]:
        """A line a column for people: what it was taken for."""
        notes = {key: "guessed by its name" if key in self.guessed else "given"
                 for key in self.columns}  # fmt: skip
        if "time_format" in self.clean:
            notes["timestamp"] += f", written as {self.clean['time_format']}"
        lines = [f"  {key:10s} {name}  ({notes[key]})" for key, name in self.columns.items()]
        lines += [
            f"  not read   {name}  (such as {example!r})" for name, example in self.unused.items()
        ]
        return lines

    def node(self, about: Description | None = None) -> dict[str, Any]:
        """The `data` of a run config as plain values.

        Args:
            about: what was found in the table, by which crawlers are left out and bad rows are
                dropped; None for all rows.
        """
        data: dict[str, Any] = {"path": self.path.as_posix(), "columns": dict(self.columns)}
        if self.separator not in (None, ","):
            data["separator"] = self.separator
        clean = dict(self.clean)
        if about is not None and about.bot_count:
            clean["max_events_per_minute"] = 60
        if about is not None and about.improbable_count:
            clean["max_events_per_user"] = max(1000, round(about.users["p99"]))
        if about is None or about.report.dropped:
            data["on_error"] = "drop"
        if clean:
            data["clean"] = clean
        return data


def guess_table(
    path: Path, given: Iterable[str] = (), separator: str | None = None
) -> GuessedTable:
    """Guesses the columns of a table, its separator and the format of its times.

    Args:
        path: CSV or Parquet file, or folder of parts.
        given: texts such as "user=buyer", for columns that are not to be guessed.
        separator: of a text file; guessed if None.

    Raises:
        InputError: no such table, no column that looks like users or items, or a text in `given` of
            another form.
    """
    path, known = Path(path), dict(_given(text) for text in given)
    if is_parquet(path):
        separator, sample = None, ParquetParts(path).first_rows(SAMPLE)
    else:
        separator, sample = first_rows(path, SAMPLE, separator)
    header = list(sample.columns)
    columns = guess_columns(str(path), header, known)
    guessed = [key for key in columns if key not in known]
    clean = {}
    time = columns.get("timestamp")
    if time in header and (written := guess_time_format(sample[time])):
        clean["time_format"] = written
    value = columns.get("value")
    if "value" in guessed and value in header and not _is_number(sample[value]):
        # A guess that does not hold is no reason to refuse the table.
        del columns["value"]
        guessed.remove("value")
    # Those that were guessed come first.
    columns = {key: columns[key] for key in (*guessed, *known)}
    read = set(columns.values())
    unused = {str(name): _example(sample[name]) for name in header if name not in read}
    return GuessedTable(path, columns, tuple(guessed), unused, clean, separator)


def _given(text: str) -> tuple[str, str]:
    key, equals, name = text.partition("=")
    if not equals or key not in NAMES or not name:
        raise InputError(
            f"--columns {text}: expected KEY=NAME, where KEY is one of {', '.join(NAMES)}."
        )
    return key, name


def _example(values: pd.Series) -> str:
    values = values.dropna()
    return str(values.iloc[0]) if len(values) else ""


def _is_number(values: pd.Series) -> bool:
    return bool(pd.to_numeric(values.dropna(), errors="coerce").notna().all())
