"""LambdaRank: pairs of a request, weighted by what swapping them changes in NDCG."""

import numpy as np
from keras import ops

from kerasrec.losses.within_request import WithinRequest, ordered_pairs
from kerasrec.register import register


@register
class LambdaRank(WithinRequest):
    """Ranks each item of a request above those with a lower label, by their effect on NDCG.

        loss = sum over pairs with y_i > y_j of -|dNDCG_ij| log(sigmoid(s_i - s_j))
        |dNDCG_ij| = |2^y_i - 2^y_j| |1 / log2(1 + r_i) - 1 / log2(1 + r_j)| / largest DCG

    r are the ranks by the current scores, equal scores in the order of the items; no gradient flows
    through them. The loss of a request without such a pair is 0. Memory is requests x width x
    width.

    Args:
        reduction: As for `keras.losses.Loss`; the mean is over all requests.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Labels of at least 0 `(requests, width)`, NaN for padding. The gain is 2^y - 1:
            use grades such as 0 to 4, no seconds.
        y_pred: Scores `(requests, width)`.

    Output shape:
        `(requests,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import LambdaRank
    >>> value = float(LambdaRank()(np.array([[1.0, 0.0, np.nan]]), np.array([[1.0, 1.0, 9.0]])))
    >>> round(value / float(np.log(2)), 4)  # 1 - 1 / log2(3)
    0.3691

    Reference:
        Burges, Ragno and Le, Learning to rank with nonsmooth cost functions, NIPS 2006; as a loss
        in Wang et al., The LambdaLoss framework for ranking metric optimization, CIKM 2018.
    """

    def __init__(self, reduction="sum_over_batch_size", name="lambda_rank", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def request_losses(self, labels, scores, real):
        pairs = ops.cast(ordered_pairs(labels, real), scores.dtype)
        gains = ops.power(2.0, labels) - 1.0
        discounts = _discount(_ranks(scores, real))
        change = _differences(gains) * _differences(discounts)
        # Padding has the gain 0, and so the last ranks.
        best = -ops.sort(-gains, axis=1)
        largest = ops.sum(best * _discount(ops.cumsum(ops.ones_like(best), axis=1)), axis=1)
        losses = pairs * change * ops.softplus(scores[:, None, :] - scores[:, :, None])
        return ops.sum(losses, axis=(1, 2)) / ops.where(largest > 0, largest, 1.0)


def _ranks(scores, real):
    """Ranks from 1 `(requests, width)`, of the real items among themselves."""
    other, one = scores[:, None, :], scores[:, :, None]
    place = ops.arange(ops.shape(scores)[1], dtype="int32")
    earlier = ops.logical_and(ops.equal(other, one), place[None, :] < place[:, None])
    before = ops.logical_and(ops.logical_or(other > one, earlier), real[:, None, :])
    return 1.0 + ops.sum(ops.cast(before, scores.dtype), axis=2)


def _discount(ranks):
    return float(np.log(2)) / ops.log1p(ranks)


def _differences(values):
    return ops.abs(values[:, :, None] - values[:, None, :])
