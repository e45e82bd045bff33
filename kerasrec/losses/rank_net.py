"""RankNet: logistic regression of the pairs of a request."""

from keras import ops

from kerasrec.losses.within_request import WithinRequest, ordered_pairs
from kerasrec.register import register


@register
class RankNet(WithinRequest):
    """Ranks each item of a request above those with a lower label.

        loss = mean over pairs with y_i > y_j of -log(sigmoid(s_i - s_j))

    The loss of a request without such a pair is 0. Memory is requests x width x width.

    Args:
        reduction: As for `keras.losses.Loss`; the mean is over all requests.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Labels of at least 0 `(requests, width)`, NaN for padding.
        y_pred: Scores `(requests, width)`.

    Output shape:
        `(requests,)` before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import RankNet
    >>> value = float(RankNet()(np.array([[1.0, 0.0, np.nan]]), np.array([[2.0, 1.0, 9.0]])))
    >>> round(value, 4)
    0.3133

    Reference:
        Burges et al., Learning to rank using gradient descent, ICML 2005.
    """

    def __init__(self, reduction="sum_over_batch_size", name="rank_net", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def request_losses(self, labels, scores, real):
        pairs = ops.cast(ordered_pairs(labels, real), scores.dtype)
        losses = pairs * ops.softplus(scores[:, None, :] - scores[:, :, None])
        return ops.sum(losses, axis=(1, 2)) / ops.maximum(ops.sum(pairs, axis=(1, 2)), 1.0)
