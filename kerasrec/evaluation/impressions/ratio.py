"""Metrics that are ratios of sums over requests."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics import cross_entropy


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


def mean(of, values):
    """The weighted mean over rows of values `(rows,)`, as a `ratio`."""
    return ratio(of.sums(values), of.sums(1.0))


def log_loss(of):
    """Mean of `-log p` of the label that occurred; `predictions` are probabilities."""
    if not len(of):
        return mean(of, of.labels)
    return mean(of, cross_entropy(of.labels, of.predictions))


def normalised_entropy(of):
    """Log loss over the entropy of the base rate: below 1 is better than always predicting it.

        NE = log loss / -(b log b + (1 - b) log(1 - b)),  b = share of positives

    None where one class is missing. The base rate is that of the same resample.

    Source: He et al., Practical lessons from predicting clicks on ads at Facebook, ADKDD 2014.
    """
    loss, rate = log_loss(of), mean(of, of.labels)

    def value(counts):
        share = rate(counts)
        if share is None or not 0.0 < share < 1.0:
            return None
        entropy = -(share * np.log(share) + (1 - share) * np.log1p(-share))
        return float(loss(counts) / entropy)

    return value


def calibration_ratio(of):
    """Sum of the predictions over the sum of the labels: 1 is right on average, above 1 too high.

    None where all labels are 0.
    """
    return ratio(of.sums(of.predictions), of.sums(of.labels))


def mae(of):
    """Mean absolute error."""
    return mean(of, np.abs(of.predictions - of.labels))


def rmse(of):
    """Root of the mean squared error."""
    squared = mean(of, np.square(of.predictions - of.labels))

    def value(counts):
        found = squared(counts)
        return None if found is None else float(np.sqrt(found))

    return value


def poisson_deviance(of):
    """Mean of `2 (y log(y / m) - y + m)` for labels y and predictions m; 0 is perfect.

    Raises:
        InputError: for a negative label, or a prediction that is not above 0.

    Source: McCullagh and Nelder, Generalized linear models, 1989, 2.3.
    """
    if (of.labels < 0).any():
        raise InputError(f"labels: expected counts of at least 0, received {of.labels.min():g}")
    if (of.predictions <= 0).any():
        raise InputError(
            f"predictions: expected counts above 0, received {of.predictions.min():g}; "
            "take the exponential of a log rate first"
        )
    # y log y is 0 for y = 0.
    logs = of.labels * np.log(np.where(of.labels > 0, of.labels, 1.0) / of.predictions)
    return mean(of, 2 * (logs - of.labels + of.predictions))
