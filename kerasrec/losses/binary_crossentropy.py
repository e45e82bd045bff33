"""Binary cross entropy of the positive and of each negative."""

from keras import ops

from kerasrec.asserted import asserted
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class BinaryCrossentropy(PositiveFirst):
    """Classifies each candidate as observed or not.

        loss = ce(y > 0, l_0) + mean over unmasked j >= 1 of ce(0, l_j)
        ce(1, l) = -log(sigmoid(l))        ce(0, l) = -log(1 - sigmoid(l))

    The mean gives all negatives together the weight of the positive, for any number of negatives.

    Args:
        reduction: As for `keras.losses.Loss`.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Values `(...,)`. With negatives, the positive has label 1 for values above 0. With a
            single column of logits the values must be labels, 0 or 1; ratings are refused.
        y_pred: Logits `(..., 1 + n)`, the positive first, -1e9 where masked.

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

    def target_losses(self, y_true, y_pred):
        if y_pred.shape[-1] == 1:
            y_true = _check_labels(y_true)
        observed, negatives = y_pred[..., 0], y_pred[..., 1:]
        # A masked column adds softplus(-1e9) = 0 to the sum. It is not counted in the mean either.
        count = ops.sum(ops.cast(negatives > -1e8, y_pred.dtype), axis=-1)
        means = ops.sum(ops.softplus(negatives), axis=-1) / ops.maximum(count, 1.0)
        return ops.softplus(ops.where(y_true > 0, -observed, observed)) + means


def _check_labels(y_true):
    wrong = ops.reshape(ops.logical_and(y_true != 0, y_true != 1), (-1,))
    first = ops.take(ops.reshape(y_true, (-1,)), ops.argmax(wrong))
    return asserted(
        y_true,
        ops.logical_not(ops.any(wrong)),
        "y_true: binary cross-entropy without negatives needs labels, 0 or 1, received",
        first,
        "- turn ratings into labels, such as value >= 4, or use MeanSquaredError",
    )
