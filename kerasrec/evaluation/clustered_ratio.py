"""A ratio of sums over rows, with an interval over groups of rows."""

import statistics
import typing

import numpy as np

from kerasrec.errors import InputError


class ClusteredRatio(typing.NamedTuple):
    """A ratio with its standard error and interval; NaN where there is none.

    Attributes:
        value, error, low, high: floats.
        clusters: Number of groups of rows.
    """

    value: float
    error: float
    low: float
    high: float
    clusters: int


def clustered_ratio(numerators, denominators=1.0, clusters=None, level=0.95):
    """The ratio `sum(x) / sum(y)` of rows whose groups are the sample, such as users.

    With the sums `X_c` and `Y_c` of the G groups and R the ratio, the delta method gives

        variance(R) = G / (G - 1) sum over c of (X_c - R Y_c)^2 / (sum of Y)^2

    and the interval R -+ z error is that of the central limit theorem: it needs many groups.

    Args:
        numerators, denominators: `(n,)`, or one number for all rows.
        clusters: `(n,)`, the group of each row; None if each row is one of its own.
        level: Share of such intervals that hold the true ratio.

    Returns:
        `ClusteredRatio`. The value is NaN where the denominators sum to 0, the interval is where
        there are fewer than two groups.

    Source: Cochran, Sampling techniques (1977), 6.3; Deng, Knoblich, Lu, Applying the delta method
    in metric analytics, KDD 2018.

    >>> found = clustered_ratio([1.0, 0.0, 1.0, 0.0], clusters=["a", "a", "b", "c"])
    >>> found.value, found.clusters, round(found.error, 4)
    (0.5, 3, 0.2165)
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level must be between 0 and 1, such as 0.95: got {level}")
    x = np.asarray(numerators, dtype="float64")
    y = np.broadcast_to(np.asarray(denominators, "float64"), x.shape)
    if clusters is not None:
        _, group = np.unique(np.asarray(clusters), return_inverse=True)
        x, y = np.bincount(group, x), np.bincount(group, y)
    total, size = y.sum(), len(x)
    value = float(x.sum() / total) if total else float("nan")
    error = float("nan")
    if size > 1 and total:
        error = float(np.sqrt(size / (size - 1) * np.sum((x - value * y) ** 2)) / abs(total))
    reach = statistics.NormalDist().inv_cdf((1 + level) / 2) * error
    return ClusteredRatio(value, error, value - reach, value + reach, size)
