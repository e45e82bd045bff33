"""Days and weeks of timestamps."""

import datetime

import numpy as np

DAY = 86_400


def day_numbers(timestamps):
    """The days of UTC since 1970 of seconds since 1970, int64.

    >>> day_numbers([0.0, 86_400.0])
    array([0, 1])
    """
    return np.floor(np.asarray(timestamps, dtype="float64") / DAY).astype("int64")


def day_name(number):
    """The date of a day number, as text.

    >>> day_name(1)
    '1970-01-02'
    """
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(number))).isoformat()
