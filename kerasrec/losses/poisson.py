"""Poisson regression of counts."""

from keras import ops

from kerasrec.losses.labelled import Labelled
from kerasrec.register import register


@register
class Poisson(Labelled):
    """Poisson regression with a log link: the prediction is the logarithm of the expected count.

        loss = exp(l) - y l

    This is the negative log-likelihood without `log(y!)`, which does not depend on l. Labels may be
    NaN.

    Args:
        reduction: As for `keras.losses.Loss`; see `Labelled` for what the mean divides by.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Counts of at least 0, NaN where missing: `(batch,)`, `(batch, 1)` or
            `(requests, width)`.
        y_pred: Log rates of the same shape; `exp(y_pred)` is the expected count.

    Output shape:
        That of the labels, without an axis of 1 at the end, before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import Poisson
    >>> float(Poisson()(np.array([3.0]), np.array([0.0])))
    1.0

    Reference:
        McCullagh and Nelder, Generalized linear models, 1989.
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def label_losses(self, labels, logits):
        return ops.exp(logits) - labels * logits
