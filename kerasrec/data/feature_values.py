"""The raw values of a feature column: lists, texts, numbers and vectors, checked.

`refuse(position, problem)` raises the error for the value at a position.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import is_unicode, shown
from kerasrec.data.list_text import read_list
from kerasrec.data.read_times import read_times
from kerasrec.data.table import as_numbers, in_float32

Refuse = Callable[[int, str], None]


def is_missing(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, NaT or blank text."""
    if value is None or isinstance(value, str):
        return not value or not value.strip()
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def parts_of(value: Any, separator: str) -> list[Any]:
    """The non-missing values of a list, also one written as text, or of a text with separators.

    >>> parts_of("War | Drama|", "|"), parts_of('["War", ""]', "|"), parts_of(None, "|")
    (['War', 'Drama'], ['War'], [])
    """
    if isinstance(value, str) and (listed := read_list(value)) is not None:
        value = listed
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple | np.ndarray):
        return [part for part in value if not is_missing(part)]
    if is_missing(value):
        return []
    if not isinstance(value, str):
        return [value]
    return [part.strip() for part in value.split(separator) if part.strip()]


def single_values(values: Any, refuse: Refuse) -> Any:
    """The values themselves; a list among them is refused."""
    for position, value in enumerate(values):
        if isinstance(value, list | tuple | set | dict | np.ndarray):
            refuse(position, f"expected single values, got {value!r:.80}")
    return values


def read_texts(values: Any, refuse: Refuse) -> list[str]:
    """Texts, "" for a missing one."""
    texts = ["" if is_missing(value) else str(value) for value in values]
    for position, text in enumerate(texts):
        if not is_unicode(text):
            refuse(position, f"{text!r:.80} holds half of a character")
    return texts


def read_numbers(values: Any, missing: np.ndarray, refuse: Refuse) -> np.ndarray:
    """float64 (n,), NaN where `missing`."""
    series = pd.Series(values, dtype=getattr(values, "dtype", None))
    numbers = as_numbers(series)
    bad = ~missing & (~in_float32(numbers) if numbers is not None else True)
    if bad.any():
        position = int(bad.argmax())
        problem = f"{shown(series.iloc[position])} is not a finite number (in float32)"
        refuse(position, problem)
    return np.full(len(series), np.nan) if numbers is None else numbers


def read_seconds(values: Any, refuse: Refuse) -> np.ndarray:
    """Unix seconds, int64 (n,), 0 where the time is not known; see `read_times`."""

    def refuse_time(position: int, problem: tuple[str, str]) -> None:
        refuse(
            position,
            f"{' '.join(problem)}: expected Unix seconds, datetimes or ISO 8601 text, all of one "
            "kind",
        )

    return read_times(list(single_values(values, refuse)), refuse_time)[1]


def vector_width(values: Any, refuse: Refuse) -> int | None:
    """The length of the first vector; None if all are missing."""
    for position, value in enumerate(values):
        if not is_missing(value):
            value = _vector(value)
            if np.ndim(value) != 1 or not len(value):
                refuse(
                    position,
                    f"a vector must be a list of numbers, got {value!r:.80}; "
                    "of several number columns, give their names as a list",
                )
            return len(value)
    return None


def read_vectors(values: Any, size: int, refuse: Refuse) -> np.ndarray:
    """float32 (n, size), zeros for a missing vector."""
    out = np.zeros((len(values), size), dtype=np.float32)
    for position, value in enumerate(values):
        if is_missing(value):
            continue
        try:
            vector = np.asarray(_vector(value), dtype=np.float64)
        except (TypeError, ValueError):
            vector = None
        if vector is None or vector.shape != (size,):
            refuse(position, f"expected {size} numbers, got {value!r:.80}")
        if not in_float32(vector).all():
            problem = f"the vector holds NaN or infinity (in float32): {value!r:.80}"
            refuse(position, problem)
        out[position] = vector
    return out


def _vector(value: Any) -> Any:
    """A vector, also one written as text: of a text file, or of the command line."""
    listed = read_list(value) if isinstance(value, str) else None
    return value if listed is None else listed
