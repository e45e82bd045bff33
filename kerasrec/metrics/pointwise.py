"""Metrics of scores against observed values or labels.

All inputs are (n,) or (n, 1). Any other shape, an empty input, unequal lengths or scores that are
not finite raise an `InputError`.
"""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics.flat_column import flat_column


def rmse(values, scores):
    """Root of the mean squared error, a float.

    >>> rmse([1.0, 4.0], [2.0, 1.0]) == 5 ** 0.5
    True
    """
    values, scores = _check_pair(values, scores)
    return float(np.sqrt(np.mean(np.square(scores - values))))


def mae(values, scores):
    """Mean absolute error, a float.

    >>> mae([1.0, 4.0], [2.0, 1.0])
    2.0
    """
    values, scores = _check_pair(values, scores)
    return float(np.mean(np.abs(scores - values)))


def auc(labels, scores):
    """Area under the ROC curve: probability that a positive outscores a negative; ties count half.

    `labels` are 0 or 1; both must occur. A float, computed from the rank sum (Mann, Whitney, 1947).
    Source: Hanley, McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.

    Of the four (positive, negative) pairs two are ranked correctly and one is a tie.

    >>> auc([1, 1, 0, 0], [0.9, 0.3, 0.3, 0.5])
    0.625
    """
    return float(np.mean(_win_shares(labels, scores)[0]))


def auc_variance(labels, scores):
    """Variance of `auc` over samples of independent pairs, a float; needs two of each label.

    `var(V10) / positives + var(V01) / negatives`, where V is the share of comparisons that a
    positive (V10) or a negative (V01) wins.
    Source: DeLong, DeLong, Clarke-Pearson, Biometrics 1988; computed from ranks as in Sun, Xu 2014.

    >>> auc_variance([1, 1, 0, 0], [0.9, 0.3, 0.3, 0.5])
    0.15625
    """
    positive_wins, negative_wins = _win_shares(labels, scores)
    if min(len(positive_wins), len(negative_wins)) < 2:
        raise InputError(
            "labels: the variance of AUC needs at least two positives and two negatives"
        )
    return float(
        np.var(positive_wins, ddof=1) / len(positive_wins)
        + np.var(negative_wins, ddof=1) / len(negative_wins)
    )


def log_loss(labels, probabilities):
    """Mean of `cross_entropy`, a float.

    >>> round(log_loss([1, 0], [0.5, 0.5]), 4)
    0.6931
    """
    return float(np.mean(cross_entropy(labels, probabilities)))


def cross_entropy(labels, probabilities):
    """`-log p` of the label that occurred, float64 (n,).

    `labels` are 0 or 1, `probabilities` in [0, 1]; other values raise an `InputError`.
    Probabilities are clipped to one float64 epsilon from 0 and 1, as in scikit-learn, so that the
    value is at most 36.

    >>> cross_entropy([1, 0], [0.25, 0.25]).round(4)
    array([1.3863, 0.2877])
    """
    labels, probabilities = _check_probabilities(labels, probabilities)
    epsilon = np.finfo("float64").eps
    likelihood = np.where(labels == 1.0, probabilities, 1.0 - probabilities)
    return -np.log(np.clip(likelihood, epsilon, 1.0 - epsilon))


def accuracy(labels, probabilities):
    """Share of labels that a threshold of one half tells right, a float.

    A probability above 0.5 counts as a 1, any other as a 0. Inputs are those of `log_loss`. Where
    few labels are 1, a model that always says 0 is accurate: compare with `max(p, 1 - p)` for
    the share p of labels 1.

    >>> accuracy([1, 0, 1], [0.9, 0.5, 0.4]) == 2 / 3
    True
    """
    labels, probabilities = _check_probabilities(labels, probabilities)
    return float(np.mean(told_right(labels, probabilities)))


def told_right(labels, probabilities):
    """bool (n,): whether a label is 1 where its probability is above 0.5, and else 0."""
    return (probabilities > 0.5) == (labels == 1.0)


def _check_probabilities(labels, probabilities):
    labels, probabilities = _check_pair(labels, probabilities)
    _check_labels(labels)
    outside = (probabilities < 0.0) | (probabilities > 1.0)
    if outside.any():
        raise InputError(
            f"expected probabilities between 0 and 1, received {probabilities[outside][0]:g}; "
            "apply a sigmoid to logits first"
        )
    return labels, probabilities


def _win_shares(labels, scores):
    labels, scores = _check_pair(labels, scores)
    _check_labels(labels)
    positive = labels == 1.0
    num_positive = np.count_nonzero(positive)
    num_negative = len(labels) - num_positive
    if not num_positive or not num_negative:
        raise InputError(f"labels: AUC needs both 0 and 1, received only {int(labels[0])}")
    ranks = _ranks(scores)
    positive_wins = (ranks[positive] - _ranks(scores[positive])) / num_negative
    negative_wins = 1.0 - (ranks[~positive] - _ranks(scores[~positive])) / num_positive
    return positive_wins, negative_wins


def _ranks(scores):
    """Ranks from 1; ties get their mean rank."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]


def _check_labels(labels):
    wrong = (labels != 0.0) & (labels != 1.0)
    if wrong.any():
        raise InputError(f"expected labels 0 or 1, received {labels[wrong][0]:g}")


def _check_pair(values, scores):
    values = flat_column(np.asarray(values, dtype="float64"))
    scores = flat_column(np.asarray(scores, dtype="float64"))
    if values.ndim != 1 or values.shape != scores.shape or not len(values):
        raise InputError(
            "expected two arrays of the same length, at least 1, "
            f"received shapes {values.shape} and {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise InputError(f"expected finite scores, received {scores[~np.isfinite(scores)][0]}")
    return values, scores
