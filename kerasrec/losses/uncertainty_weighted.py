"""The loss of a task whose weight is learned."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class UncertaintyWeighted(keras.losses.Loss):
    """Weights the loss of a task by the log-variance that `UncertaintyWeights` appended.

        loss = exp(-s) L + s / 2

    L is the loss of a row, or of a request, and s the log-variance of the task. Rows whose label is
    NaN have the loss 0 and no share in `s / 2`.

    Args:
        loss: The loss of the task, of predictions without the appended column. Its reduction is not
            used.
        reduction: As for `keras.losses.Loss`.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: What `loss` reads.
        y_pred: `(..., 2)`, from `kerasrec.layers.UncertaintyWeights`.

    Output shape:
        That of `loss`, before the reduction.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import Poisson, UncertaintyWeighted
    >>> loss = UncertaintyWeighted(Poisson())
    >>> float(loss(np.array([3.0]), np.array([[0.0, np.log(2.0)]])))  # 1 / 2 + log(2) / 2
    0.8465735912322998

    Reference:
        Kendall, Gal and Cipolla, Multi-task learning using uncertainty to weigh losses for scene
        geometry and semantics, CVPR 2018.
    """

    def __init__(
        self, loss, reduction="sum_over_batch_size", name="uncertainty_weighted", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not isinstance(loss, keras.losses.Loss):
            raise InputError(f"loss: expected a keras.losses.Loss, received {loss!r}")
        self.loss = loss

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            weights = ops.convert_to_tensor(sample_weight)
            # One weight for each example of several labels.
            missing = max(0, len(ops.convert_to_tensor(y_pred).shape) - 1 - len(weights.shape))
            sample_weight = ops.reshape(weights, (*ops.shape(weights), *[1] * missing))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        if y_pred.shape[-1] != 2:
            raise InputError(
                "y_pred: expected (..., 2), predictions with their log-variance from "
                f"UncertaintyWeights, received the shape {tuple(y_pred.shape)}"
            )
        losses = self.loss.call(y_true, y_pred[..., 0])
        known = ops.logical_not(ops.isnan(y_true))
        if len(known.shape) > len(losses.shape):
            known = ops.any(known, axis=-1)
        # One number, in each row of the column; the mean gives its gradient in one piece.
        log_variance = ops.mean(y_pred[..., 1])
        return ops.exp(-log_variance) * losses + ops.where(known, log_variance / 2, 0.0)

    def get_config(self):
        return {**super().get_config(), "loss": keras.losses.serialize(self.loss)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "loss": keras.losses.deserialize(config["loss"])})
