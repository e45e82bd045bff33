"""The base class of the losses that compare the items of a request."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.losses.labelled import in_range


class WithinRequest(keras.losses.Loss):
    """Abstract: one loss for each request, of items padded to one width.

    Labels and scores are `(requests, width)`, and an item whose label is NaN is padding. A request
    that says nothing, such as one with a single label, has the loss 0. It still counts in Keras's
    mean, as with a weight of 0. Weights are one for each request.

    Raises:
        InputError: for other shapes; for a negative label.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            shape = ops.convert_to_tensor(sample_weight).shape
            if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
                raise InputError(
                    "sample_weight: expected one weight for each request, (requests,), "
                    f"received the shape {tuple(shape)}"
                )
            sample_weight = ops.reshape(sample_weight, (-1,))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        if len(y_pred.shape) == 3 and y_pred.shape[-1] == 1:
            y_pred = y_pred[..., 0]
        shapes = tuple(y_true.shape), tuple(y_pred.shape)
        if any(len(shape) != 2 for shape in shapes) or any(
            None not in pair and pair[0] != pair[1] for pair in zip(*shapes, strict=True)
        ):
            raise InputError(
                "y_true, y_pred: expected labels and scores (requests, width), "
                f"received the shapes {shapes[0]} and {shapes[1]}"
            )
        real = ops.logical_not(ops.isnan(y_true))
        labels = in_range(ops.where(real, y_true, 0.0), (0.0, None))
        return self.request_losses(labels, ops.where(real, y_pred, 0.0), real)

    def request_losses(self, labels, scores, real):
        """Abstract: losses `(requests,)`; labels and scores are 0 where `real` is false."""
        raise NotImplementedError


def ordered_pairs(labels, real):
    """bool (requests, width, width): whether the first item has the higher label of a pair."""
    higher = labels[:, :, None] > labels[:, None, :]
    return ops.logical_and(higher, ops.logical_and(real[:, :, None], real[:, None, :]))
