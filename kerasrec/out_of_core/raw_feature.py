"""A feature of the request as it is kept on disk before it is encoded."""

import json
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.cells import cells, matrix, written
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.feature_values import (
    is_missing,
    read_numbers,
    read_seconds,
    read_vectors,
    vector_width,
)
from kerasrec.data.read_times import is_unknown_time
from kerasrec.data.table import TIME_UNITS, Table, time_level
from kerasrec.errors import InputError
from kerasrec.out_of_core.numbering import Numbering

# Kind -> type of what is kept of each row; the others are codes of their distinct values.
TYPES = {"number": np.float64, "time": np.int64, "vector": np.float32}


class RawFeature:
    """Reads a feature from one chunk of a table after the other.

    A number is kept as it is, a time as Unix seconds, a vector as float32; all else as the code of
    its value, of which each distinct one is in memory once: a text, or a list as JSON.

    Args:
        name: of the feature.
        options: as `checked_features` gives them.

    Attributes:
        dtype, width: of a row.
        numbering: of the distinct values; None of a number, a time and a vector.
        missing: how many rows had no value so far; not counted of codes.

    Raises:
        InputError: options that the kind does not have.
    """

    def __init__(self, name: str, options: dict[str, Any]):
        self.name, self.kind = name, options["kind"]
        self.column = options.get("column", name)
        self._decimal = options.get("decimal")
        self.dtype = TYPES.get(self.kind, np.int32)
        self.numbering = Numbering() if self.kind not in TYPES else None
        self.width: tuple[int, ...] = ()
        self.missing = self._before = 0
        self._written: str | None = None
        self._encoder = FeatureEncoder(name, self.kind)
        check = {key: one for key, one in options.items() if key not in ("column", "decimal")}
        FeatureEncoder.fit(name, np.zeros((1, 1)) if self.kind == "vector" else [], **check)

    def read(self, table: Table, position: np.ndarray) -> np.ndarray:
        """What is kept of these rows of a chunk.

        Raises:
            InputError: a value unfit for the kind, with file, row and column.
        """
        column = self.column
        refuse = self._encoder.refuser(lambda row: table.place(int(position[row]), column))
        if isinstance(column, list):
            values = matrix(self.name, table, position, column)
            return self._vectors(values, values.shape[1], refuse)
        if self._decimal is not None:
            values = written(self.name, table, position, column, self._decimal)
        else:
            values = cells(self.name, table, position, column, self.kind)
        if self.kind == "number":
            numbers = read_numbers(values, self._encoder.missing(values), refuse)
            self.missing += int(np.isnan(numbers).sum())
            return numbers
        if self.kind == "time":
            seconds = read_seconds(values, refuse)
            self._check_times(values, refuse)
            self.missing += int((seconds == 0).sum())
            return seconds
        if self.kind == "vector":
            self.missing += sum(map(is_missing, values))
            return self._vectors(values, vector_width(values, refuse), refuse)
        return self.numbering.codes(*_keys(values, self.kind == "category"))

    def _check_times(self, values: np.ndarray, refuse: Any) -> None:
        """Refuses times that are written otherwise than those of the chunks before."""
        known = np.array([not is_unknown_time(value) for value in values], dtype=bool)
        if not known.any():
            return
        times = pd.Series(values[known].tolist())
        written = "dates"
        if pd.api.types.is_numeric_dtype(times.dtype):
            written = TIME_UNITS[time_level(times.abs().max())][2]
        if self._written not in (None, written):
            refuse(
                int(known.argmax()),
                f"from here on the times look like {written}, and before like {self._written}: "
                "write all alike",
            )
        self._written = written

    def _vectors(self, values: Any, width: int | None, refuse: Any) -> np.ndarray:
        """Nothing until a row has a vector, which says how wide the rows before it are."""
        if not self.width and width is None:
            self._before += len(values)
            return np.zeros((0,), np.float32)
        if not self.width:
            self.width, before = (width,), np.zeros((self._before, width), np.float32)
            return np.concatenate([before, read_vectors(values, width, refuse)])
        return read_vectors(values, self.width[0], refuse)


def decoded(key: str, kind: str) -> Any:
    """The value of a key of the numbering."""
    return key if kind == "category" else json.loads(key)


def _keys(values: np.ndarray, are_texts: bool) -> tuple[np.ndarray, list[str]]:
    """Codes, -1 for a missing value, and the key of each code."""
    try:
        codes, found = pd.factorize(values)
    except TypeError:  # lists
        values = np.array([None if is_missing(one) else _json(one) for one in values], object)
        return pd.factorize(values)
    return codes, found if are_texts else [_json(one) for one in found]


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has for an array, a set or a value of another type."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, dict):
        raise InputError(f"a list of values was expected, got {value!r:.60}.")
    return str(value)
