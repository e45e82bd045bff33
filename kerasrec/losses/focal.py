"""Focal loss: binary cross-entropy with less weight on what is predicted well."""

from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.labelled import Labelled
from kerasrec.register import register


@register
class Focal(Labelled):
    """Binary cross-entropy whose terms are weighted by how wrong they are.

        loss = -alpha y (1 - p)^gamma log p - (1 - alpha) (1 - y) p^gamma log(1 - p)
        p = sigmoid(l)

    The probabilities are not calibrated: fit a calibration afterwards. Labels may be NaN.

    Args:
        gamma: Exponent, at least 0; 0 is cross-entropy.
        alpha: Weight of the positives in (0, 1); None weights both classes by 1.
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
    >>> from kerasrec.losses import Focal
    >>> value = float(Focal(gamma=2.0)(np.array([1.0]), np.array([0.0])))
    >>> round(value / float(np.log(2)), 4)
    0.25

    Reference:
        Lin et al., Focal loss for dense object detection, ICCV 2017.
    """

    label_range = (0.0, 1.0)

    def __init__(
        self, gamma=2.0, alpha=None, reduction="sum_over_batch_size", name="focal", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not gamma >= 0:
            raise InputError(f"gamma: expected a number of at least 0, received {gamma!r}")
        if alpha is not None and not 0 < alpha < 1:
            raise InputError(
                f"alpha: expected a number between 0 and 1, or None, received {alpha!r}"
            )
        self.gamma = gamma
        self.alpha = alpha

    def label_losses(self, labels, logits):
        # -log p and -log(1 - p); their exponentials do not overflow.
        positive, negative = ops.softplus(-logits), ops.softplus(logits)
        weight, other = (1.0, 1.0) if self.alpha is None else (self.alpha, 1.0 - self.alpha)
        return (
            weight * labels * ops.exp(-self.gamma * negative) * positive
            + other * (1.0 - labels) * ops.exp(-self.gamma * positive) * negative
        )

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "alpha": self.alpha}
