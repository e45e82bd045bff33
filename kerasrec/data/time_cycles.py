"""Times as places in the day, the week and the year."""

from collections.abc import Sequence

import numpy as np

DAY = 86_400
# Part of a time -> its period in seconds, and how far 1970 began into one. That was a Thursday. A
# year of the Gregorian calendar has 365.2425 days on average.
CYCLES = {"hour": (DAY, 0), "weekday": (7 * DAY, 3 * DAY), "month": (31_556_952, 0)}


def time_cycles(seconds: np.ndarray, parts: Sequence[str]) -> np.ndarray:
    """Sine and cosine of the place in each cycle, float32 (n, 2 * parts), in UTC.

        sin(2 pi p), cos(2 pi p) with p = ((seconds + offset) mod period) / period

    * hour: the place in the day, 0 at midnight.
    * weekday: the place in the week, 0 at the beginning of Monday.
    * month: the place in the year, 0 at the beginning of January. The year is the mean one, so
      that this is at most two days off the calendar.

    The end of a cycle is near its beginning, as a number from 0 to 23 would not have it. Time 0
    means that the time is not known: all zeros, which is no place in a cycle.

    >>> time_cycles(np.array([6 * 3600, 0]), ["hour"]).round(3).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    seconds = np.asarray(seconds, np.int64)
    columns = []
    for part in parts:
        period, offset = CYCLES[part]
        # First the remainder: the sum of a time and an offset might not fit int64.
        angle = 2 * np.pi / period * ((seconds % period + offset) % period).astype(np.float64)
        columns += [np.sin(angle), np.cos(angle)]
    cycles = np.stack(columns, axis=1)
    cycles[seconds == 0] = 0
    return cycles.astype(np.float32)
