"""Logistic loss against sampled items, corrected for how few they are."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.positive_first import PositiveFirst
from kerasrec.register import register


@register
class GBCE(PositiveFirst):
    """Generalized binary cross entropy: the probability of the observed item to a power.

        loss = -(beta log(sigmoid(l_0)) + sum over j >= 1 of log(1 - sigmoid(l_j))) / (k + 1)
        beta = 1 - t (1 - alpha),  alpha = k / (n - 1)

    Of n items k are sampled as negatives, of all others a share alpha. The few that are seen make
    a model too sure of every observed item; a power beta below 1 takes that back. t = 1 gives
    calibrated probabilities and t = 0 plain cross entropy; its authors choose t between. Where k
    reaches n - 1, beta is 1. Use it with `SampledCandidates`, "uniform" and `log_q=False`.

    In the paper k negatives are drawn for each position; `SampledCandidates` draws k for the whole
    batch, which costs one product of matrices and allows many more.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included: n + 2.
        t: Calibration, from 0 to 1.
        reduction: As for every Keras loss.
        name: As for every Keras loss.

    Call arguments:
        y_true: Ignored: that the item was observed is all this loss reads. Shape `(...,)`.
        y_pred: Logits `(..., 1 + k)`, the observed item first, -1e9 where masked.

    Output shape:
        `(...,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses.gbce import GBCE
    >>> loss = GBCE(num_items=7, t=1.0)  # 2 of 4 others: the square root of the probability
    >>> value = float(loss(np.ones(1), np.zeros((1, 3))))
    >>> round(3 * value / float(np.log(2)), 4)  # half of log 2 for the observed item, and two
    2.5

    Reference:
        Petrov and Macdonald, gSASRec: Reducing overconfidence in sequential recommendation trained
        with negative sampling, RecSys 2023.
    """

    def __init__(self, num_items, t=0.75, reduction="sum_over_batch_size", name="gbce", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if num_items < 4:
            raise InputError(
                f"num_items: GBCE needs two items besides padding and unknown, 4 rows: received "
                f"{num_items}"
            )
        if not 0 <= t <= 1:
            raise InputError(
                f"t: expected a calibration from 0 (plain cross entropy) to 1, received {t!r}"
            )
        self.num_items = num_items
        self.t = t

    def each(self, y_true, y_pred):
        if y_pred.shape[-1] in (None, 1):
            raise InputError(
                "GBCE counts the sampled items, and these candidates give none or another number "
                "each time: choose candidates='sampled'"
            )
        negatives = y_pred.shape[-1] - 1
        # A masked column adds softplus(-1e9) = 0 to the sum.
        total = ops.sum(ops.softplus(y_pred[..., 1:]), axis=-1)
        return (self.beta(negatives) * ops.softplus(-y_pred[..., 0]) + total) / (negatives + 1)

    def beta(self, negatives):
        """The power of the observed item's probability, with so many negatives."""
        # Drawn with replacement, there may be more of them than there are items.
        share = min(1.0, negatives / (self.num_items - 3))
        return 1.0 - self.t * (1.0 - share)

    def get_config(self):
        return {**super().get_config(), "num_items": self.num_items, "t": self.t}
