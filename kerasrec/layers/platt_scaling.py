"""Calibrates logits by a line."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class PlattScaling(keras.layers.Layer):
    """Logistic regression of the label on the logit: two numbers that make it calibrated.

        calibrated logit = slope * logit + intercept

    The slope is above 0, so the order stays. Before `fit` or `assign` logits are unchanged. Logits
    are float32 under any dtype policy.

    Input shape:
        Logits of any shape.

    Output shape:
        The same, float32 logits.

    Raises:
        InputError: in `fit`, for labels of one class, or logits that rank the labels in reverse.

    Example:

    >>> from kerasrec.layers import PlattScaling
    >>> layer = PlattScaling()
    >>> layer.assign(slope=0.5, intercept=-1.0)
    >>> layer(keras.ops.array([0.0, 4.0])).numpy().tolist()
    [-1.0, 1.0]

    Reference:
        Platt, Probabilistic outputs for support vector machines, 1999.
    """

    def __init__(self, **kwargs):
        # Half precision would turn close logits into ties.
        super().__init__(autocast=False, **kwargs)
        fixed = {"dtype": "float32", "trainable": False, "autocast": False}
        self.slope = self.add_weight((), "ones", name="slope", **fixed)
        self.intercept = self.add_weight((), "zeros", name="intercept", **fixed)

    def assign(self, slope, intercept):
        """Sets the two numbers."""
        if not slope > 0:
            raise InputError(f"slope: expected a number above 0, received {slope}")
        self.slope.assign(slope)
        self.intercept.assign(intercept)

    def fit(self, labels, logits, weights=None):
        """Sets the two numbers to those of the largest likelihood, by Newton's method.

        Labels are replaced by Platt's targets, `(P + 1) / (P + 2)` for a positive and
        `1 / (N + 2)` for a negative, where P and N are the weights of both classes. So the numbers
        stay finite for logits that separate the classes.

        Args:
            labels: 0 or 1 `(n,)`, NaN where missing.
            logits: `(n,)`.
            weights: `(n,)`, or None for 1.

        Returns:
            `(slope, intercept)`, floats.
        """
        slope, intercept = _fitted(*known_labels(labels, logits, weights))
        self.assign(slope, intercept)
        return slope, intercept

    def call(self, logits):
        return self.slope * ops.cast(logits, "float32") + self.intercept

    def compute_output_spec(self, logits):
        return keras.KerasTensor(logits.shape, "float32")


def known_labels(labels, logits, weights):
    """float64 labels, logits and weights `(rows,)`, without the rows that have no label.

    Raises:
        InputError: for other shapes, labels that are not 0, 1 or NaN, labels of one class.
    """
    labels = np.asarray(labels, dtype="float64").ravel()
    logits = np.asarray(logits, dtype="float64").ravel()
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, "float64").ravel()
    if not len(labels) == len(logits) == len(weights):
        raise InputError(
            "labels, logits and weights: expected the same length, received "
            f"{len(labels)}, {len(logits)} and {len(weights)}"
        )
    known = ~np.isnan(labels) & (weights != 0)
    labels, logits, weights = labels[known], logits[known], weights[known]
    if not np.isfinite(logits).all() or not (np.isfinite(weights) & (weights > 0)).all():
        raise InputError("logits and weights: expected finite logits, and weights of at least 0")
    classes = np.unique(labels)
    if not np.array_equal(classes, [0.0, 1.0]):
        raise InputError(
            f"labels: a calibration needs both 0 and 1, received {classes[:5].tolist()}; "
            "calibrate on more rows"
        )
    return labels, logits, weights


def _fitted(labels, logits, weights):
    positives, negatives = weights @ labels, weights @ (1 - labels)
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # Newton's steps are of one size for any scale of the logits.
    scale = logits.std() or 1.0
    inputs = np.stack([(logits - logits.mean()) / scale, np.ones(len(logits))], axis=1)

    def loss(line):
        x = inputs @ line
        return weights @ (np.logaddexp(0.0, x) - targets * x)

    line = np.array([0.0, np.log((positives + 1) / (negatives + 1))])
    for _ in range(100):
        p = np.exp(-np.logaddexp(0.0, -(inputs @ line)))
        gradient = inputs.T @ (weights * (p - targets))
        # The ridge is for logits that are all equal.
        curvature = (inputs * (weights * p * (1 - p))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        before = loss(line)
        while loss(line - step) > before and np.abs(step).max() > 1e-12:
            step /= 2
        line = line - step
        if np.abs(step).max() < 1e-10:
            break
    slope = line[0] / scale
    if not slope > 0:
        raise InputError(
            "logits: they rank the labels in reverse or not at all, and a calibration would change "
            "the order; train the model first"
        )
    return float(slope), float(line[1] - slope * logits.mean())
