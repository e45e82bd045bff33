"""Softmax cross entropy over the candidates."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class Softmax(PositiveFirst):
    """Softmax cross entropy of the positive among all candidates.

        loss = -log(exp(l_0) / sum over j >= 0 of exp(l_j))

    With `InBatchCandidates` or `SampledCandidates` this is the sampled softmax, with
    `AllCandidates` the full softmax.

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
    >>> from kerasrec.losses import Softmax
    >>> float(Softmax()(np.ones(1), np.array([[0.0, 0.0, -1e9]]))) == float(np.float32(np.log(2)))
    True
    """

    def __init__(self, reduction="sum_over_batch_size", name="softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def target_losses(self, y_true, y_pred):
        if y_pred.shape[-1] == 1:
            raise InputError(
                "Softmax needs negatives, and candidates='pair' has none: choose other candidates, "
                "or a pointwise loss"
            )
        return ops.logsumexp(y_pred, axis=-1) - y_pred[..., 0]
