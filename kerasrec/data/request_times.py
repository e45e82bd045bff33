"""Reads the times of given histories as a time column of a table."""

from kerasrec.data.read_times import COLUMN, read_times
from kerasrec.errors import InputError


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

    def refuse(position, problem):
        places = [(n, place) for n, each in enumerate(timestamps) for place in range(len(each))]
        history, place = places[position]
        time, reason = problem
        raise InputError(
            f"{COLUMN}: {time}, of history {history} at place {place}, {reason}: expected Unix "
            "seconds, datetimes or ISO 8601 text, all of one kind, and None where the time is not "
            "known"
        )

    return read_times([time for each in timestamps for time in each], refuse)
