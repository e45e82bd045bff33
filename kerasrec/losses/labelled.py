"""The base class of the losses of labels that may be missing."""

import keras
from keras import ops

from kerasrec.asserted import asserted
from kerasrec.errors import InputError


class Labelled(keras.losses.Loss):
    """Abstract: a loss of one logit for each label, where NaN is a missing label.

    A row without a label has the weight 0: its loss and its gradient are 0, whatever its logit is.
    As with any weight 0, Keras's mean still divides by the number of all rows. So a row has the
    same influence in every batch and on every replica, however many labels the others have.

    Labels and logits have the same shape; one axis of 1 at the end may be missing in either. The
    weights have that shape as well, or its first axes only. Labels are never broadcast.

    Raises:
        InputError: for other shapes; for labels outside of `label_range`.
    """

    # Least and largest label, None for no bound.
    label_range = (0.0, None)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            logits = _without_column(ops.convert_to_tensor(y_pred))
            weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            sample_weight = _aligned_weights(weights, logits)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        y_true, y_pred = _without_column(y_true), _without_column(y_pred)
        if not _may_be_equal(y_true.shape, y_pred.shape):
            raise InputError(
                f"y_true: expected one label for each logit of y_pred {tuple(y_pred.shape)}, "
                f"received the shape {tuple(y_true.shape)}"
            )
        known = ops.logical_not(ops.isnan(y_true))
        # Also the logits: the gradient of a branch that is not taken is 0 times its slope.
        labels = in_range(ops.where(known, y_true, 0.0), self.label_range)
        losses = self.label_losses(labels, ops.where(known, y_pred, 0.0))
        return ops.where(known, losses, 0.0)

    def label_losses(self, labels, logits):
        """Abstract: the loss of each label, all of one shape; no label is missing."""
        raise NotImplementedError


def in_range(labels, label_range):
    """`labels`, checked to be within bounds."""
    least, most = label_range
    wrong = labels < least
    expected = f"of at least {least:g}"
    if most is not None:
        wrong = ops.logical_or(wrong, labels > most)
        expected = f"between {least:g} and {most:g}"
    first = ops.take(ops.reshape(labels, (-1,)), ops.argmax(ops.reshape(wrong, (-1,))))
    return asserted(
        labels,
        ops.logical_not(ops.any(wrong)),
        f"y_true: expected labels {expected}, or NaN where missing, received",
        first,
    )


def _without_column(values):
    return values[..., 0] if len(values.shape) > 1 and values.shape[-1] == 1 else values


def _may_be_equal(one, other):
    return len(one) == len(other) and all(
        None in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True)
    )


def _aligned_weights(weights, logits):
    """Weights of the shape of the logits; a weight of the first axes is repeated."""
    if len(weights.shape) > len(logits.shape):
        weights = _without_column(weights)
    missing = len(logits.shape) - len(weights.shape)
    shape = (*weights.shape, *[1] * max(missing, 0))
    if missing < 0 or not all(
        size == 1 or None in (size, other) or size == other
        for size, other in zip(shape, logits.shape, strict=True)
    ):
        raise InputError(
            f"sample_weight: expected one weight for each logit of y_pred {tuple(logits.shape)}, "
            f"or for its first axes, received the shape {tuple(weights.shape)}"
        )
    weights = ops.reshape(weights, (*ops.shape(weights), *[1] * missing))
    return ops.broadcast_to(weights, ops.shape(logits))
