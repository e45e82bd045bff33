"""The base class of the losses: checks and aligns shapes."""

import keras
from keras import ops

from kerasrec.asserted import asserted
from kerasrec.errors import InputError


class PositiveFirst(keras.losses.Loss):
    """Abstract: a loss of logits whose column 0 is the positive.

    Subclasses compute the loss of each target in `target_losses`. This class reshapes targets and
    weights to the shape of the positives, by Keras's rules. It never broadcasts one target against
    several logits:

    * `y_true` has the shape of `y_pred` without its last axis, or one axis of 1 more or less;
    * `y_pred` `(batch,)` is the single column of `(batch, 1)`;
    * `sample_weight` has the shape of `y_true`, or its first axes only: one weight for all targets
      of an example.

    Raises:
        InputError: for any other shape.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            values, logits = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
            weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            sample_weight = _aligned_weights(weights, _columns(values, logits))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        y_pred = _columns(y_true, y_pred)
        return self.target_losses(_aligned("y_true", y_true, y_pred), y_pred)

    def target_losses(self, y_true, y_pred):
        """Abstract: the losses `(...,)` of values `(...,)` and logits `(..., 1 + n)`."""
        raise NotImplementedError


def _columns(values, logits):
    """Adds the axis of columns to scores of pairs `(batch,)`."""
    if len(logits.shape) == 1 and len(values.shape) > 0:
        return logits[:, None]
    if not len(logits.shape):
        raise InputError("y_pred: expected logits (..., 1 + n), received a scalar")
    return logits


def _aligned(name, values, logits):
    """Reshapes values to the shape of the logits' column 0, without broadcasting."""
    expected = logits.shape[:-1]
    rank = max(len(values.shape), len(expected))
    pairs = list(zip(_pad_shape(values.shape, rank), _pad_shape(expected, rank), strict=True))
    if abs(len(values.shape) - len(expected)) > 1 or any(
        None not in pair and pair[0] != pair[1] for pair in pairs
    ):
        raise InputError(
            f"{name}: expected the shape {_format(expected)}, one value for each positive of the "
            f"logits {_format(logits.shape)}, received {_format(values.shape)}"
        )
    sizes = ops.shape(logits)[:-1]
    if any(None in pair for pair in pairs):
        found, target = (
            ops.stack([ops.convert_to_tensor(n, "int32") for n in _pad_shape(shape, rank)])
            for shape in (ops.shape(values), sizes)
        )
        message = f"{name}: expected one value for each positive, of shape"
        same = ops.all(ops.equal(found, target))
        values = asserted(values, same, message, target, "received", found)
    return ops.reshape(values, sizes)


def _pad_shape(shape, rank):
    return (*shape, *[1] * (rank - len(shape)))


def _aligned_weights(weights, logits):
    """Reshapes weights to the shape of the logits' column 0; a weight of an example is repeated."""
    expected = logits.shape[:-1]
    missing = len(expected) - len(weights.shape)
    if missing > 0:
        weights = ops.reshape(weights, (*ops.shape(weights), *[1] * missing))
    if len(weights.shape) == len(expected) and all(
        size == 1 or None in (size, other) or size == other
        for size, other in zip(weights.shape, expected, strict=True)
    ):
        return ops.broadcast_to(weights, ops.shape(logits)[:-1])
    return _aligned("sample_weight", weights, logits)


def _format(shape):
    return str(tuple("any" if size is None else size for size in shape)).replace("'any'", "any")
