"""Reads given times as a time column of a table."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import shown
from kerasrec.data.table import Table

COLUMN = "timestamps"


def read_times(
    values: Sequence[Any], refuse: Callable[[int, tuple[str, str]], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Times as `(order, seconds)`: int64 or float64 at full resolution, and int64 Unix seconds.

    The values may be those of a time column: Unix seconds, milli-, micro- or nanoseconds (by the
    size of the largest), datetimes or ISO 8601 text, UTC without a zone. Unknown times, see
    `is_unknown_time`, are 0 in both.

    Args:
        values: A sequence of times.
        refuse: Raises an error for the value at a position. The second argument is the value as
            text, and what is wrong with it.

    >>> read_times(["1970-01-01T00:01:00.5", None], print)[1].tolist()
    [60, 0]
    """
    known = np.array([not is_unknown_time(time) for time in values], dtype=bool)
    order, seconds = np.zeros(len(values)), np.zeros(len(values), "int64")
    if not known.any():
        return order, seconds
    # Without a dtype pandas infers the one that a table would have.
    column = pd.Series([time for time, is_known in zip(values, known, strict=True) if is_known])
    table = Table(column.to_frame(COLUMN), [(COLUMN, len(column))], on_error="drop")
    found, whole = table.times("time", COLUMN)
    if not table.keep.all():
        bad = int(np.flatnonzero(known)[table.keep.argmin()])
        reason = "is not a time"
        if any("unit" in why for why in table.dropped):
            reason = "is in another unit than the largest time"
        refuse(bad, (shown(values[bad]), reason))
    order = order.astype(found.dtype)
    order[known], seconds[known] = found, whole
    return order, seconds


def is_unknown_time(time: Any) -> bool:
    """Whether a value stands for an unknown time: None, NaN, NaT, blank text or 0."""
    return bool(pd.isna(time) or time == 0 or (isinstance(time, str) and not time.strip()))
