"""Bayesian personalized ranking (BPR)."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class BPR(PositiveFirst):
    """Ranks the positive above each negative.

        loss = mean over unmasked j >= 1 of -log(sigmoid(l_0 - l_j))

    The loss is 0 if all negatives are masked. Use candidates with `log_q=False`.

    Args:
        reduction: As for `keras.losses.Loss`.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: `(...,)`, ignored: every positive has the same target.
        y_pred: Logits `(..., 1 + n)`, the positive first, -1e9 where masked.

    Output shape:
        `(...,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import BPR
    >>> round(float(BPR()(np.ones(1), np.array([[1.0, 0.0, 1.0, -1e9]]))), 4)
    0.5032

    Reference:
        Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009.
    """

    def __init__(self, reduction="sum_over_batch_size", name="bpr", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def target_losses(self, y_true, y_pred):
        if y_pred.shape[-1] == 1:
            raise InputError(
                "BPR needs negatives, and candidates='pair' has none: choose other candidates, or "
                "a pointwise loss"
            )
        negatives = y_pred[..., 1:]
        # A masked column adds softplus(-1e9) = 0 to the sum. It is not counted in the mean either.
        count = ops.sum(ops.cast(negatives > -1e8, y_pred.dtype), axis=-1)
        pairs = ops.softplus(negatives - y_pred[..., :1])
        return ops.sum(pairs, axis=-1) / ops.maximum(count, 1.0)
