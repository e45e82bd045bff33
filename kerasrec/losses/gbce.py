"""Generalized binary cross entropy (gBCE): corrects for negative sampling."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class GBCE(PositiveFirst):
    """Binary cross entropy with the probability of the positive raised to a power beta.

        loss = -(beta log(sigmoid(l_0)) + sum over j >= 1 of log(1 - sigmoid(l_j))) / (k + 1)
        beta = 1 - t (1 - alpha),  alpha = k / (n - 1)

    Of n items k are sampled as negatives, a share alpha of the other items. With few negatives a
    model overestimates the probability of the positive; a beta below 1 corrects this. t = 1 gives
    calibrated probabilities, t = 0 plain cross entropy; the authors use values in between. For
    k >= n - 1, beta is 1. Use `SampledCandidates` with "uniform" and `log_q=False`.

    The paper samples k negatives for each position. `SampledCandidates` samples k for the whole
    batch: one matrix product, so k can be much larger.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included: n + 2.
        t: Calibration, from 0 to 1.
        reduction: As for `keras.losses.Loss`.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: `(...,)`, ignored: every positive has the same target.
        y_pred: Logits `(..., 1 + k)`, the positive first, -1e9 where masked.

    Output shape:
        `(...,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses.gbce import GBCE
    >>> loss = GBCE(num_items=7, t=1.0)  # 2 of 4 others are sampled: alpha = beta = 1/2
    >>> value = float(loss(np.ones(1), np.zeros((1, 3))))
    >>> round(3 * value / float(np.log(2)), 4)  # 1/2 for the positive, 1 per negative
    2.5

    Reference:
        Petrov and Macdonald, gSASRec: Reducing overconfidence in sequential recommendation trained
        with negative sampling, RecSys 2023.
    """

    def __init__(self, num_items, t=0.75, reduction="sum_over_batch_size", name="gbce", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if num_items < 4:
            raise InputError(
                f"num_items: expected at least 4, padding, unknown and two items, received "
                f"{num_items}"
            )
        if not 0 <= t <= 1:
            raise InputError(
                f"t: expected a number from 0 (plain cross entropy) to 1, received {t!r}"
            )
        self.num_items = num_items
        self.t = t

    def target_losses(self, y_true, y_pred):
        if y_pred.shape[-1] in (None, 1):
            raise InputError(
                "GBCE needs a fixed number of sampled negatives: choose candidates='sampled'"
            )
        num_negatives = y_pred.shape[-1] - 1
        # A masked column adds softplus(-1e9) = 0 to the sum.
        total = ops.sum(ops.softplus(y_pred[..., 1:]), axis=-1)
        return (self.beta(num_negatives) * ops.softplus(-y_pred[..., 0]) + total) / (
            num_negatives + 1
        )

    def beta(self, num_negatives):
        """The power beta for this number of negatives."""
        # Sampling with replacement may give more negatives than items.
        alpha = min(1.0, num_negatives / (self.num_items - 3))
        return 1.0 - self.t * (1.0 - alpha)

    def get_config(self):
        return {**super().get_config(), "num_items": self.num_items, "t": self.t}
