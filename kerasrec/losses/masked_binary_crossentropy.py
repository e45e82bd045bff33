"""Binary cross-entropy of labels that may be missing."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.labelled import Labelled
from kerasrec.register import register


@register
class MaskedBinaryCrossentropy(Labelled):
    """Logistic regression of labels such as clicks; NaN labels are left out.

        loss = -c y log(sigmoid(l)) - (1 - y) log(1 - sigmoid(l))

    With a positive weight c other than 1 the probabilities are too high: the odds are c times the
    odds of the data. `BinaryCrossentropy` is the loss of candidates, positive first.

    Args:
        positive_weight: c, above 0.
        reduction: As for `keras.losses.Loss`; see `Labelled` for what the mean divides by.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Labels in [0, 1], NaN where missing: `(batch,)`, `(batch, 1)` or
            `(requests, width)`.
        y_pred: Logits of the same shape.

    Output shape:
        That of the labels, without an axis of 1 at the end, before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import MaskedBinaryCrossentropy
    >>> loss = MaskedBinaryCrossentropy(reduction="sum")
    >>> round(float(loss(np.array([1.0, np.nan]), np.array([0.0, 5.0]))), 4)
    0.6931
    """

    label_range = (0.0, 1.0)

    def __init__(
        self,
        positive_weight=1.0,
        reduction="sum_over_batch_size",
        name="masked_binary_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not positive_weight > 0:
            raise InputError(
                f"positive_weight: expected a number above 0, received {positive_weight!r}"
            )
        self.positive_weight = positive_weight

    def label_losses(self, labels, logits):
        positive = self.positive_weight * labels * ops.softplus(-logits)
        return positive + (1.0 - labels) * ops.softplus(logits)

    def get_config(self):
        return {**super().get_config(), "positive_weight": self.positive_weight}
