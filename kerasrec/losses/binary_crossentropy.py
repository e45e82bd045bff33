"""Logistic loss against the candidates."""

import keras
from keras import ops

from kerasrec.register import register


@register
class BinaryCrossentropy(keras.losses.Loss):
    """Each candidate on its own: seen or not.

        loss = ce(y > 0, l_0) + mean over unmasked j >= 1 of ce(0, l_j)
        ce(1, l) = -log(sigmoid(l))        ce(0, l) = -log(1 - sigmoid(l))

    The mean gives the negatives together the weight of the observed item, however many there are.

    Args:
        reduction: As for every Keras loss.
        name: As for every Keras loss.

    Call arguments:
        y_true: Values `(...,)`; above 0 the observed item counts as liked.
        y_pred: Logits `(..., 1 + n)`, the observed item first, -1e9 where masked.

    Output shape:
        `(...,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import BinaryCrossentropy
    >>> round(float(BinaryCrossentropy()(np.ones(1), np.array([[2.0, -1.0, 1.0, -1e9]]))), 4)
    0.9402
    """

    def __init__(self, reduction="sum_over_batch_size", name="binary_crossentropy", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        observed, negatives = y_pred[..., 0], y_pred[..., 1:]
        # A masked column adds softplus(-1e9) = 0 to the sum; it must not count either.
        count = ops.sum(ops.cast(negatives > -1e8, y_pred.dtype), axis=-1)
        means = ops.sum(ops.softplus(negatives), axis=-1) / ops.maximum(count, 1.0)
        return ops.softplus(ops.where(y_true > 0, -observed, observed)) + means
