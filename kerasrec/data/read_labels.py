"""The labels of impressions, read from the columns of a table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import read_ids
from kerasrec.data.schema import Task
from kerasrec.data.table import Table, as_numbers, in_float32
from kerasrec.errors import InputError

BLOCK = 2**20  # rows of a column, which may be a file, that are looked at together
OPTIONS = ("kind", "column", "values")


class Labels:
    """Which labels a table has, and how they are written.

    Args:
        labels: name -> options, see `Impressions.from_frame`; None for the column "click".
    """

    def __init__(self, labels: Mapping[str, Mapping[str, Any]] | None):
        labels = {"click": {}} if labels is None else labels
        if not labels:
            raise InputError("labels: give at least one, such as {'click': {}}.")
        for name, options in labels.items():
            unknown = set(options) - set(OPTIONS)
            if unknown:
                raise InputError(
                    f"Label {name!r}: unknown option {sorted(unknown)[0]!r}; there are "
                    f"{', '.join(OPTIONS)}."
                )
        self.tasks = tuple(Task(name, one.get("kind", "binary")) for name, one in labels.items())
        self.columns = {name: one.get("column", name) for name, one in labels.items()}
        self._words = {name: list(one.get("values") or ()) for name, one in labels.items()}
        self._values = {
            name: _numbers_of_words(name, one.get("values")) for name, one in labels.items()
        }

    @property
    def text_columns(self) -> list[str]:
        """The columns whose texts are mapped to numbers."""
        return [self.columns[name] for name, values in self._values.items() if values]

    def read(self, table: Table) -> dict[str, np.ndarray]:
        """float32 by label, NaN where it is missing; a value outside of its kind is a bad row."""
        return {task.name: self._one(table, task) for task in self.tasks}

    def _one(self, table: Table, task: Task) -> np.ndarray:
        name, column, values = task.name, self.columns[task.name], self._values[task.name]
        table.find(name, column)
        series = table.frame[column]
        missing = series.isna().to_numpy()
        if not pd.api.types.is_numeric_dtype(series.dtype):
            missing = missing | (series.astype("str").str.strip() == "").to_numpy()
        if values:
            codes, texts, _ = read_ids(series)
            numbers = np.array([values.get(text, np.nan) for text in texts] + [np.nan])[codes]
            expected = f"one of {', '.join(map(str, self._words[name]))}"
        else:
            numbers = as_numbers(series)
            numbers = np.full(len(series), np.nan) if numbers is None else numbers
            expected = "a finite number"
        bad = ~missing & ~in_float32(numbers)
        table.reject(bad, column, f"{name} no label", lambda v: f"{v} is not {expected}")
        outside, expected = np.zeros(len(numbers), bool), "0 or 1"
        if task.kind == "binary":
            outside = ~np.isin(numbers, (0, 1))
        elif task.kind in ("count", "seconds"):
            outside, expected = numbers < 0, "a number from 0 on"
        table.reject(
            outside & ~missing & ~bad,
            column,
            f"{name} out of range",
            lambda v: f"{v} is no label of kind {task.kind}: expected {expected}",
        )
        return np.where(missing, np.nan, numbers).astype(np.float32)


def constant_label(name: str, values: np.ndarray) -> str | None:
    """Why nothing can be learned from a label, None where it has two values.

    >>> constant_label("click", np.array([0, np.nan, 0], np.float32))
    'every label click is 0'
    """
    first = None
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        real = block[~np.isnan(block)]
        if first is None and len(real):
            first = real[0]
        if (real != first).any():
            return None
    return f"no row has a {name}" if first is None else f"every label {name} is {first:g}"


def _numbers_of_words(name: str, values: Mapping[Any, Any] | None) -> dict[str, float]:
    """Number by text; a whole number, also one given as text, stands for "1" and "1.0"."""
    found: dict[str, float] = {}
    for word, number in (values or {}).items():
        if not isinstance(number, int | float):
            raise InputError(
                f"Label {name!r}, values: expected a number for {word}, got {number!r}."
            )
        texts = {str(word), *_spellings(word)}
        if twice := texts & found.keys():
            raise InputError(f"Label {name!r}, values: {min(twice)} is given twice.")
        found |= dict.fromkeys(texts, number)
    return found


def _spellings(word: Any) -> set[str]:
    """The texts of a whole number, of which `word` is one; none of anything else."""
    try:
        number = float(word)
        texts = {str(int(number)), str(number)}
    except (TypeError, ValueError, OverflowError):
        return set()
    is_whole = number == number // 1 and not isinstance(word, bool)
    return texts if is_whole and str(word) in texts else set()
