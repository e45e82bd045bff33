"""Seconds between the steps of histories."""

import numpy as np


def time_gaps(timestamp: np.ndarray, first: np.ndarray, missing: float = -1.0) -> np.ndarray:
    """float32 seconds since the step before, 0 at the steps `first`, which begin a history.

    Args:
        timestamp: Unix seconds of histories that follow one another. A time is known if it is
            positive.
        first: Where each history begins.
        missing: The gap where one of both times is not known.

    >>> time_gaps(np.array([5, 8, 7, 0]), first=np.array([0, 2])).tolist()
    [0.0, 3.0, 0.0, -1.0]
    """
    before = np.concatenate([timestamp[:1], timestamp[:-1]])
    first = first[first < len(timestamp)]
    before[first] = timestamp[first]
    gap = np.maximum(timestamp - before, 0).astype(np.float32)
    return np.where((timestamp > 0) & (before > 0), gap, np.float32(missing))
