"""Squared error of labels that may be missing."""

import math

from keras import ops

from kerasrec.losses.labelled import Labelled
from kerasrec.register import register


@register
class SquaredError(Labelled):
    """The squared distance of the prediction from the label, 0 where it is NaN.

        loss = (l - y)^2

    Args:
        reduction, name, dtype: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Labels `(batch,)`, NaN where missing.
        y_pred: Predictions `(batch,)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import SquaredError
    >>> float(SquaredError()(np.array([1.0, np.nan]), np.array([3.0, 9.0])))
    2.0
    """

    label_range = (-math.inf, None)

    def __init__(self, reduction="sum_over_batch_size", name="squared_error", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def label_losses(self, labels, logits):
        return ops.square(logits - labels)
