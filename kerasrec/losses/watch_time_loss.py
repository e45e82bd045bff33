"""Weighted logistic regression of watch time."""

from keras import ops

from kerasrec.losses.labelled import Labelled
from kerasrec.register import register


@register
class WatchTimeLoss(Labelled):
    """Weighted logistic regression: the odds of the prediction estimate the watch time.

        loss = -y log(sigmoid(l)) for y > 0,  -log(1 - sigmoid(l)) for y = 0

    Impressions that were watched are positives with their seconds as weight, the others are
    negatives with the weight 1. The odds that are learned, `exp(l)`, are the sum of the seconds
    over the number of impressions that were not watched: E[T] / (1 - P), with the share P of
    impressions that were watched. For a small P this is the expected seconds of an impression.
    Labels may be NaN.

    Args:
        reduction: As for `keras.losses.Loss`; see `Labelled` for what the mean divides by.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Seconds of at least 0, NaN where missing: `(batch,)`, `(batch, 1)` or
            `(requests, width)`.
        y_pred: Logits of the same shape; `exp(y_pred)` is the expected watch time.

    Output shape:
        That of the labels, without an axis of 1 at the end, before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import WatchTimeLoss
    >>> value = float(WatchTimeLoss()(np.array([30.0, 0.0]), np.zeros(2)))
    >>> round(value / float(np.log(2)), 4)
    15.5

    Reference:
        Covington, Adams and Sargin, Deep neural networks for YouTube recommendations, RecSys 2016.
    """

    def __init__(self, reduction="sum_over_batch_size", name="watch_time_loss", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def label_losses(self, labels, logits):
        return ops.where(labels > 0, labels * ops.softplus(-logits), ops.softplus(logits))
