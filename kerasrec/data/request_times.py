"""Reads the times of given histories as a time column of a table."""

import numpy as np
import pandas as pd

from kerasrec.data.ids import shown
from kerasrec.data.table import Table
from kerasrec.errors import InputError

COLUMN = "timestamps"


def request_times(timestamps):
    """Times of all histories, concatenated: `(order, seconds)`, int64 or float64 and int64.

    The values may be those of a time column: Unix seconds, milli-, micro- or nanoseconds (by the
    size of the largest), datetimes or ISO 8601 text, UTC without a zone. `order` has the full
    resolution; `seconds` are whole, as in training. None, NaN, NaT, "" and 0 are unknown times, 0
    in both.

    Args:
        timestamps: One list for each history.

    Raises:
        InputError: for a value that is not a time, or in another unit than the largest.

    >>> request_times([["1970-01-01T00:01:00.5"], [None]])[1].tolist()
    [60, 0]
    """
    flat = [time for each in timestamps for time in each]
    known = np.array([not _is_unknown(time) for time in flat], dtype=bool)
    order, seconds = np.zeros(len(flat)), np.zeros(len(flat), "int64")
    if not known.any():
        return order, seconds
    # Without a dtype pandas infers the one that a table would have.
    column = pd.Series([time for time, is_known in zip(flat, known, strict=True) if is_known])
    table = Table(column.to_frame(COLUMN), [(COLUMN, len(column))], on_error="drop")
    found, whole = table.times("time", COLUMN)
    if not table.keep.all():
        bad = int(np.flatnonzero(known)[table.keep.argmin()])
        places = [(n, place) for n, each in enumerate(timestamps) for place in range(len(each))]
        reason = "is not a time"
        if any("unit" in why for why in table.dropped):
            reason = "is in another unit than the largest time"
        raise InputError(
            f"timestamps: {shown(flat[bad])}, of history {places[bad][0]} at place "
            f"{places[bad][1]}, {reason}: expected Unix seconds, datetimes or ISO 8601 text, all "
            "of one kind, and None where the time is not known"
        )
    order = order.astype(found.dtype)
    order[known], seconds[known] = found, whole
    return order, seconds


def _is_unknown(time):
    return pd.isna(time) or time == 0 or (isinstance(time, str) and not time.strip())
