"""Mean squared error of the positive's score."""

from keras import ops

from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class MeanSquaredError(PositiveFirst):
    """Squared difference of the score and the observed value, such as a rating.

        loss = (y - l_0) ** 2

    Args:
        reduction: As for `keras.losses.Loss`.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Values `(...,)`.
        y_pred: Logits `(..., 1 + n)`, the positive first; the negatives are ignored.

    Output shape:
        `(...,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import MeanSquaredError
    >>> float(MeanSquaredError()(np.array([4.0]), np.array([[2.5, 7.0]])))
    2.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def target_losses(self, y_true, y_pred):
        return ops.square(y_true - y_pred[..., 0])
