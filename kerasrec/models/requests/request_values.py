"""The ratings of given histories as numbers."""

import math
import numbers

import numpy as np

from kerasrec.errors import InputError


def request_values(values, value_range):
    """Ratings of all histories, concatenated: float32, NaN for none.

    Args:
        values: One list for each history; None and NaN are no rating.
        value_range: Smallest and largest rating of the train part.

    Raises:
        InputError: for a value that is no number, or outside of the range.

    >>> request_values([[4, None], [2.5]], (1.0, 5.0)).tolist()
    [4.0, nan, 2.5]
    """
    low, high = value_range
    for history, given in enumerate(values):
        for place, value in enumerate(given):
            if value is None or (isinstance(value, numbers.Real) and math.isnan(value)):
                continue
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            # As stored: .1 is not the float32 that is nearest to it.
            if not number or not low <= np.float32(value) <= high:
                raise InputError(
                    f"values: {value!r}, of history {history} at place {place}: expected a rating "
                    f"as in the train part, from {low:g} to {high:g}, or None for an item without"
                )
    flat = [math.nan if value is None else float(value) for given in values for value in given]
    return np.array(flat, "float32")
