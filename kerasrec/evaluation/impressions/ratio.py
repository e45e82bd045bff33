"""Metrics that are ratios of sums over requests."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics import cross_entropy, told_right


def ratio(numerators, denominators):
    """The ratio of two sums over requests.

    Args:
        numerators, denominators: float64 (num_requests,).

    Returns:
        A function of counts `(num_requests,)`: the ratio, or None where the denominator is 0.

    >>> ratio(np.array([1.0, 2.0]), np.array([1.0, 3.0]))(np.array([1, 1]))
    0.75
    """

    def value(counts):
        total = summed(counts, denominators)
        return summed(counts, numerators) / total if total else None

    return value


def summed(counts, values):
    """The sum of the products, a float."""
    # The threads that BLAS starts for a dot product cost more than the product.
    return float(np.einsum("i,i", counts, values))


def mean(rows, values):
    """The weighted mean over rows of values `(rows,)`, as a `ratio`."""
    return ratio(rows.sums(values), rows.sums(1.0))


def log_loss(rows):
    """Mean of `-log p` of the label that occurred; `predictions` are probabilities."""
    if not len(rows):
        return mean(rows, rows.labels)
    return mean(rows, cross_entropy(rows.labels, rows.predictions))


def accuracy(rows):
    """Share of labels told right by a threshold of 0.5; `predictions` are probabilities.

    As `kerasrec.metrics.accuracy`. Where clicks are rare it is near one minus the `ctr`, which
    always predicting 0 has.
    """
    return mean(rows, told_right(rows.labels, rows.predictions))


def ctr(rows):
    """Click-through rate: the share of the rows whose label is 1, whatever the predictions are."""
    return mean(rows, rows.labels)


def normalised_entropy(rows):
    """Log loss over the entropy of the base rate: below 1 is better than always predicting it.

        NE = log loss / -(b log b + (1 - b) log(1 - b)),  b = share of positives

    None where one class is missing. The base rate is that of the same resample.

    Source: He et al., Practical lessons from predicting clicks on ads at Facebook, ADKDD 2014.
    """
    loss, rate = log_loss(rows), mean(rows, rows.labels)

    def value(counts):
        share = rate(counts)
        if share is None or not 0.0 < share < 1.0:
            return None
        entropy = -(share * np.log(share) + (1 - share) * np.log1p(-share))
        return float(loss(counts) / entropy)

    return value


def calibration_ratio(rows):
    """Sum of the predictions over the sum of the labels: 1 is right on average, above 1 too high.

    None where all labels are 0.
    """
    return ratio(rows.sums(rows.predictions), rows.sums(rows.labels))


def mae(rows):
    """Mean absolute error."""
    return mean(rows, np.abs(rows.predictions - rows.labels))


def rmse(rows):
    """Root of the mean squared error."""
    squared = mean(rows, np.square(rows.predictions - rows.labels))

    def value(counts):
        found = squared(counts)
        return None if found is None else float(np.sqrt(found))

    return value


def poisson_deviance(rows):
    """Mean of `2 (y log(y / m) - y + m)` for labels y and predictions m; 0 is perfect.

    Raises:
        InputError: for a negative label, or a prediction that is not above 0.

    Source: McCullagh and Nelder, Generalized linear models, 1989, 2.3.
    """
    if (rows.labels < 0).any():
        raise InputError(f"labels: expected counts of at least 0, received {rows.labels.min():g}")
    if (rows.predictions <= 0).any():
        raise InputError(
            f"predictions: expected counts above 0, received {rows.predictions.min():g}; "
            "take the exponential of a log rate first"
        )
    # y log y is 0 for y = 0.
    logs = rows.labels * np.log(np.where(rows.labels > 0, rows.labels, 1.0) / rows.predictions)
    return mean(rows, 2 * (logs - rows.labels + rows.predictions))
