"""How well probabilities agree with shares: bins of equal mass."""

import numpy as np

from kerasrec.evaluation.impressions.predictions import Predictions
from kerasrec.evaluation.impressions.ratio import summed
from kerasrec.whole_number import whole_number

BINS = 20


def bins_of(rows, bins=BINS):
    """int64 (rows,): the bin of each row by its prediction, from 0, lowest first.

    Each bin holds about `1 / bins` of the weight. Rows with equal predictions share a bin, so there
    may be fewer bins.
    """
    whole_number(bins, "bins", 1)
    values, inverse = np.unique(rows.predictions, return_inverse=True)
    mass = np.bincount(inverse, rows.weights, len(values))
    middle = np.cumsum(mass) - mass / 2
    place = np.minimum(middle * bins // max(mass.sum(), 1e-300), bins - 1)
    return np.unique(place, return_inverse=True)[1][inverse]


def expected_calibration_error(rows, bins=BINS):
    """Mean over bins of the distance of the mean prediction from the share of positives.

        ECE = sum over bins b of |sum in b of w (p - y)| / sum of w

    Chance alone makes it positive, in resamples even more than in the data: an interval may lie
    above the value, and values are comparable only between equal numbers of rows.

    Args:
        rows: `Predictions` with probabilities.
        bins: Number of bins of equal mass. They are made once, for all resamples.

    Returns:
        A function of counts `(num_requests,)`; None without rows.

    Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, AAAI
    2015; with bins of equal mass as in Nixon et al., Measuring calibration in deep learning, 2019.
    """
    bin_of = bins_of(rows, bins)
    difference = rows.weights * (rows.predictions - rows.labels)
    weights = rows.sums(1.0)

    def value(counts):
        total = summed(counts, weights)
        errors = np.bincount(bin_of, counts[rows.requests] * difference)
        return float(np.abs(errors).sum() / total) if total else None

    return value


def reliability_table(labels, probabilities, weights=None, bins=BINS):
    """The rows of a reliability diagram: bins of equal mass by the predicted probability.

    Args:
        labels: 0 or 1 `(n,)`, NaN where missing.
        probabilities: `(n,)`.
        weights: `(n,)`, or None.
        bins: Number of bins; fewer come back where many predictions are equal.

    Returns:
        list of dicts, lowest predictions first: `rows`, `weight`, `predicted` (weighted mean of the
        probabilities) and `observed` (weighted share of the label 1).

    Example:

    >>> for row in reliability_table([0, 1, 1, 1], [0.25, 0.25, 0.5, 1.0], bins=2):
    ...     print(row)
    {'rows': 2, 'weight': 2.0, 'predicted': 0.25, 'observed': 0.5}
    {'rows': 2, 'weight': 2.0, 'predicted': 0.75, 'observed': 1.0}
    """
    rows = Predictions(labels, probabilities, weights=weights)
    bin_of = bins_of(rows, bins)
    num_rows, weight = np.bincount(bin_of), np.bincount(bin_of, rows.weights)
    predicted = np.bincount(bin_of, rows.weights * rows.predictions)
    observed = np.bincount(bin_of, rows.weights * rows.labels)
    return [
        {
            "rows": int(num_rows[i]),
            "weight": float(weight[i]),
            "predicted": float(predicted[i] / weight[i]),
            "observed": float(observed[i] / weight[i]),
        }
        for i in np.flatnonzero(weight)
    ]
