"""Logistic loss against the candidates."""

from keras import ops

from kerasrec.asserted import asserted
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class BinaryCrossentropy(PositiveFirst):
    """Each candidate on its own: seen or not.

        loss = ce(y > 0, l_0) + mean over unmasked j >= 1 of ce(0, l_j)
        ce(1, l) = -log(sigmoid(l))        ce(0, l) = -log(1 - sigmoid(l))

    The mean gives the negatives together the weight of the observed item, however many there are.

    Args:
        reduction: As for every Keras loss.
        name: As for every Keras loss.

    Call arguments:
        y_true: Values `(...,)`. Held against others, the observed item counts as liked above 0.
            Alone, with one column of logits, it must be a label, 0 or 1: five stars are none.
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

    def each(self, y_true, y_pred):
        if y_pred.shape[-1] == 1:
            y_true = _labels(y_true)
        observed, negatives = y_pred[..., 0], y_pred[..., 1:]
        # A masked column adds softplus(-1e9) = 0 to the sum; it must not count either.
        count = ops.sum(ops.cast(negatives > -1e8, y_pred.dtype), axis=-1)
        means = ops.sum(ops.softplus(negatives), axis=-1) / ops.maximum(count, 1.0)
        return ops.softplus(ops.where(y_true > 0, -observed, observed)) + means


def _labels(y_true):
    wrong = ops.reshape(ops.logical_and(y_true != 0, y_true != 1), (-1,))
    one = ops.take(ops.reshape(y_true, (-1,)), ops.argmax(wrong))
    return asserted(
        y_true,
        ops.logical_not(ops.any(wrong)),
        "y_true: binary cross-entropy of the observed item alone reads labels, 0 or 1, received",
        one,
        "- make labels of ratings, such as value >= 4, or train on them by MeanSquaredError",
    )
