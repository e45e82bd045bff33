"""Softmax cross-entropy over the items of a request."""

from keras import ops

from kerasrec.losses.within_request import WithinRequest
from kerasrec.register import register


@register
class ListSoftmax(WithinRequest):
    """Softmax cross-entropy of the labels of a request, which are scaled to sum to 1.

        loss = -sum over i of y_i / sum(y) log(exp(s_i) / sum over j of exp(s_j))

    The loss of a request whose labels are all 0 is 0.

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
    >>> from kerasrec.losses import ListSoftmax
    >>> value = float(ListSoftmax()(np.array([[1.0, 0.0, np.nan]]), np.array([[2.0, 1.0, 9.0]])))
    >>> round(value, 4)
    0.3133

    Reference:
        Cao et al., Learning to rank: from pairwise approach to listwise approach, ICML 2007, with
        the labels themselves in place of their softmax, as in Bruch et al., An analysis of the
        softmax cross entropy loss for learning-to-rank with binary relevance, ICTIR 2019.
    """

    def __init__(self, reduction="sum_over_batch_size", name="list_softmax", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def request_losses(self, labels, scores, real):
        logits = ops.where(real, scores, -1e9)
        losses = labels * (ops.logsumexp(logits, axis=1, keepdims=True) - scores)
        total = ops.sum(labels, axis=1)
        return ops.sum(losses, axis=1) / ops.where(total > 0, total, 1.0)
