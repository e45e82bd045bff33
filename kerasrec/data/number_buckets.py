"""Buckets of a number: hard ones between quantiles, and soft ones around quantiles.

Everything is compared as float32, the type of a number in a request to an export.
"""

import numpy as np

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.distinct import distinct

# TensorFlow's kernels read a smaller number as 0.
TINY = np.finfo(np.float32).tiny


def bucket_borders(numbers: np.ndarray, buckets: int) -> tuple[float, ...]:
    """The quantiles i / buckets for i = 1 .. buckets - 1, each once and below the largest number.

    A quantile is a number that occurs. Where many are equal there are fewer buckets.

    >>> bucket_borders(np.array([0, 0, 0, 1, 2, 3, 4, 9]), 4)
    (0.0, 1.0, 3.0)
    """
    ordered = _as_float32(numbers)
    ordered.sort()
    borders = distinct(_quantiles(ordered, np.arange(1, buckets), buckets))
    return tuple(borders[borders < ordered.max(initial=-np.inf)].tolist())


def bucket_rows(numbers: np.ndarray, borders: tuple[float, ...]) -> np.ndarray:
    """The row of each number's bucket, int32 (n,): 2 + the number of borders below it; 0 for NaN.

    >>> bucket_rows(np.array([-7, 0, 0.5, 9, np.nan]), (0.0, 1.0, 3.0))
    array([2, 2, 3, 5, 0], dtype=int32)
    """
    rows = FIRST + np.searchsorted(np.array(borders, np.float32), _as_float32(numbers))
    return np.where(np.isnan(numbers), PADDING, rows).astype(np.int32)


def bucket_centres(numbers: np.ndarray, buckets: int) -> tuple[float, ...]:
    """The quantiles (i + 1/2) / buckets for i = 0 .. buckets - 1, each once; 0 without numbers.

    >>> bucket_centres(np.array([0, 0, 0, 1, 2, 3, 4, 9]), 4)
    (0.0, 2.0, 4.0)
    """
    ordered = _as_float32(numbers)
    ordered.sort()
    if not len(ordered):
        return (0.0,)
    return tuple(distinct(_quantiles(ordered, 2 * np.arange(buckets) + 1, 2 * buckets)).tolist())


def bucket_weights(numbers: np.ndarray, centres: tuple[float, ...]) -> np.ndarray:
    """Linear interpolation between the two nearest centres, float32 (n, centres).

    The weights of a number are at least 0 and sum to 1: at a centre they are 1 there, and beyond
    the first or the last centre 1 at that one. NaN has weights 0.

    >>> bucket_weights(np.array([0, 3, 8, np.nan]), (0.0, 2.0, 6.0)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.75, 0.25], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    # In float64 the distance between two float32 does not overflow.
    points = np.array(centres, np.float64)
    passed = (_as_float32(numbers)[:, None] - points[:-1]) / np.diff(points)
    passed = np.pad(np.clip(passed, 0, 1), ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    weights = passed[:, :-1] - passed[:, 1:]
    weights[np.isnan(numbers)] = 0
    return weights.astype(np.float32)


def _quantiles(ordered: np.ndarray, parts: np.ndarray, whole: int) -> np.ndarray:
    """The smallest numbers that at least the share parts / whole of all are not above."""
    return ordered[(parts * len(ordered) + whole - 1) // whole - 1] if len(ordered) else ordered


def _as_float32(numbers: np.ndarray) -> np.ndarray:
    numbers = np.array(numbers, np.float32)
    numbers[np.abs(numbers) < TINY] = 0
    return numbers
