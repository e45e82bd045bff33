"""A loss within a request, of rows that follow each other."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.within_request import WithinRequest
from kerasrec.register import register


@register
class InRequests(keras.losses.Loss):
    """Reads every `width` rows as one request, padded with rows whose label is NaN.

    A model predicts rows, `(requests * width,)`, and losses within a request compare the rows of
    each, `(requests, width)`. Batches of `RequestLists` are of this form. The weight of a request
    is the mean over its rows with a label.

    Args:
        loss: A `WithinRequest`, or an `UncertaintyWeighted` of one. Its reduction is used.
        width: Rows of a request.
        name: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Labels `(requests * width,)`, NaN for padding.
        y_pred: Scores `(requests * width,)`, also with more axes.

    Output shape:
        `()`, or `(requests,)` without a reduction.

    Raises:
        InputError: for another loss.

    Example:

    >>> import numpy as np
    >>> from kerasrec.losses import InRequests, RankNet
    >>> loss = InRequests(RankNet(), width=2)
    >>> value = float(loss(np.array([1.0, 0.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0, 0.0])))
    >>> round(value, 4)  # softplus(-1) and softplus(1)
    0.8133
    """

    def __init__(self, loss, width, name="in_requests", dtype=None):
        super().__init__(name=name, reduction=getattr(loss, "reduction", None), dtype=dtype)
        if not isinstance(getattr(loss, "loss", loss), WithinRequest):
            raise InputError(
                f"loss: expected a loss within a request, such as RankNet, received {loss!r}"
            )
        self.loss, self.width = loss, width

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true = ops.reshape(ops.convert_to_tensor(y_true, dtype=self.dtype), (-1, self.width))
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        y_pred = ops.reshape(y_pred, (-1, self.width, *y_pred.shape[1:]))
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            weight = ops.reshape(weight, (-1, self.width))
            real = ops.cast(ops.logical_not(ops.isnan(y_true)), weight.dtype)
            total = ops.maximum(ops.sum(real, axis=1), 1.0)
            sample_weight = ops.sum(weight * real, axis=1) / total
        return self.loss(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        raise NotImplementedError("InRequests is called with the rows of whole requests")

    def get_config(self):
        config = {name: one for name, one in super().get_config().items() if name != "reduction"}
        return {**config, "loss": keras.losses.serialize(self.loss), "width": self.width}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "loss": keras.losses.deserialize(config["loss"])})
