"""Calibrates logits by a rising curve."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.platt_scaling import known_labels
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class IsotonicScaling(keras.layers.Layer):
    """Isotonic regression of the label on the logit, as a strictly rising curve.

    `fit` finds the rising step function with the least squared error. Each of its steps becomes
    one knot (x, y): the mean logit of the step, and the logit of its share of positives. Between
    knots the curve is linear; before the first and after the last its slope is 1. So two different
    logits stay in their order, up to the rounding of float32, where isotonic regression itself
    makes ties. Before `fit` or `assign` logits are unchanged.

    The first step may have no positive and the last no negative. Their share is replaced by the one
    that half an observation more would give.

    Args:
        num_knots: Largest number of knots, at least 2. Steps are merged to groups of about equal
            weight where there are more.

    Input shape:
        Logits of any shape.

    Output shape:
        The same, float32 logits under any dtype policy.

    Raises:
        InputError: in `fit`, for labels of one class; in `assign`, for knots that do not rise.

    Example:

    >>> from kerasrec.layers import IsotonicScaling
    >>> layer = IsotonicScaling(num_knots=3)
    >>> layer.assign([-1.0, 1.0], [-3.0, 1.0])
    >>> layer(keras.ops.array([-2.0, -1.0, 0.0, 1.0, 2.0])).numpy().tolist()
    [-4.0, -3.0, -1.0, 1.0, 2.0]

    Reference:
        Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability
        estimates, KDD 2002; one knot a step as in Oron and Flournoy, Centered isotonic regression,
        Statistics in Biopharmaceutical Research 2017.
    """

    def __init__(self, num_knots=100, **kwargs):
        # Half precision would turn close logits into ties.
        super().__init__(autocast=False, **kwargs)
        self.num_knots = whole_number(num_knots, "num_knots", 2)
        fixed = {"dtype": "float32", "trainable": False, "autocast": False}
        self.x = self.add_weight((num_knots,), _from_zero, name="x", **fixed)
        self.y = self.add_weight((num_knots,), _from_zero, name="y", **fixed)

    def assign(self, x, y):
        """Sets the knots: two arrays of one length, up to `num_knots`, strictly rising."""
        x, y = np.asarray(x, "float32"), np.asarray(y, "float32")
        if x.shape != y.shape or x.ndim != 1 or not 0 < len(x) <= self.num_knots:
            raise InputError(
                f"x, y: expected two arrays of 1 to {self.num_knots} knots, received the shapes "
                f"{x.shape} and {y.shape}"
            )
        if not ((np.diff(x) > 0).all() and (np.diff(y) >= 0).all()):
            raise InputError("x, y: expected knots that rise, so that the order of logits stays")
        # Knots that are left over continue the curve with the slope 1.
        more = np.arange(1, 1 + self.num_knots - len(x), dtype="float32")
        self.x.assign(np.append(x, x[-1] + more))
        self.y.assign(np.append(y, y[-1] + more))

    def fit(self, labels, logits, weights=None):
        """Sets the knots to the isotonic regression.

        Args:
            labels: 0 or 1 `(n,)`, NaN where missing.
            logits: `(n,)`.
            weights: `(n,)`, or None for 1.

        Returns:
            `(x, y)`, the knots as float64 arrays.
        """
        labels, logits, weights = known_labels(labels, logits, weights)
        x, y = _knots(labels, logits.astype("float32"), weights, self.num_knots)
        self.assign(x, y)
        return x, y

    def call(self, logits):
        logits = ops.cast(logits, "float32")
        # TensorFlow searches a flat sequence for flat values only.
        place = ops.searchsorted(self.x, ops.reshape(logits, (-1,)), side="right")
        # The knot after each logit.
        place = ops.reshape(ops.clip(place, 1, self.num_knots - 1), ops.shape(logits))
        left, right = ops.take(self.x, place - 1), ops.take(self.x, place)
        low, high = ops.take(self.y, place - 1), ops.take(self.y, place)
        inside = low + (high - low) * ops.clip((logits - left) / (right - left), 0.0, 1.0)
        first, last = self.x[0], self.x[self.num_knots - 1]
        outside = ops.minimum(logits - first, 0.0) + ops.maximum(logits - last, 0.0)
        return inside + outside

    def compute_output_spec(self, logits):
        return keras.KerasTensor(logits.shape, "float32")


def _from_zero(shape, dtype):
    return ops.arange(shape[0], dtype=dtype)


def _knots(labels, logits, weights, num_knots):
    # Serving reads no SciPy.
    from scipy.optimize import isotonic_regression

    # Equal logits have one value.
    values, inverse = np.unique(logits, return_inverse=True)
    mass = np.bincount(inverse, weights)
    shares = np.bincount(inverse, weights * labels) / mass
    fitted = isotonic_regression(shares, weights=mass)
    step = np.repeat(np.arange(len(fitted.weights)), np.diff(fitted.blocks))
    if len(fitted.weights) > num_knots:
        middle = np.cumsum(fitted.weights) - fitted.weights / 2
        group = np.minimum(middle * num_knots // fitted.weights.sum(), num_knots - 1)
        step = np.unique(group, return_inverse=True)[1][step]
    total = np.bincount(step, mass)
    x = np.bincount(step, mass * values) / total
    share = np.bincount(step, mass * shares) / total
    # Not further than half way to the next step, so that the curve rises.
    if share[0] == 0:
        share[0] = min(0.5 / (total[0] + 1), share[1] / 2)
    if share[-1] == 1:
        share[-1] = 1 - min(0.5 / (total[-1] + 1), (1 - share[-2]) / 2)
    return x, np.log(share) - np.log1p(-share)
