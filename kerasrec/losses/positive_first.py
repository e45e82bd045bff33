"""What every loss on positive-first logits has in common: which shapes fit together."""

import keras
from keras import ops

from kerasrec.asserted import asserted
from kerasrec.errors import InputError


class PositiveFirst(keras.losses.Loss):
    """Abstract: a loss of logits whose column 0 is the observed item.

    Subclasses say in `each` what one target costs. Here targets and weights get the shape of the
    observed items, by Keras's rules and never by broadcasting one target against all logits:

    * `y_true` has the shape of `y_pred` without its last axis, or an axis of 1 more or less;
    * `y_pred` `(batch,)` is the one column of `(batch, 1)`;
    * `sample_weight` has the shape of `y_true`, or its first axes alone: one weight for each
      example of several targets.

    Any other shape is an `InputError`.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            values, logits = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
            weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            sample_weight = _weights(weights, _columns(values, logits))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        y_pred = _columns(y_true, y_pred)
        return self.each(_fitted("y_true", y_true, y_pred), y_pred)

    def each(self, y_true, y_pred):
        """For subclasses: the loss `(...,)` of values `(...,)` and logits `(..., 1 + n)`."""
        raise NotImplementedError


def _columns(values, logits):
    """Logits with an axis of columns, which scores of pairs may come without."""
    if len(logits.shape) == 1 and len(values.shape) > 0:
        return logits[:, None]
    if not len(logits.shape):
        raise InputError("y_pred: expected logits (..., 1 + n), received one number")
    return logits


def _fitted(name, values, logits):
    """Values in the shape of the logits' column 0; nothing is repeated."""
    wanted = logits.shape[:-1]
    rank = max(len(values.shape), len(wanted))
    pairs = list(zip(_padded(values.shape, rank), _padded(wanted, rank), strict=True))
    if abs(len(values.shape) - len(wanted)) > 1 or any(
        None not in pair and pair[0] != pair[1] for pair in pairs
    ):
        raise InputError(
            f"{name}: expected the shape {_words(wanted)}, one value for each observed item of the "
            f"logits {_words(logits.shape)}, received {_words(values.shape)}"
        )
    sizes = ops.shape(logits)[:-1]
    if any(None in pair for pair in pairs):
        found, target = (
            ops.stack([ops.convert_to_tensor(n, "int32") for n in _padded(shape, rank)])
            for shape in (ops.shape(values), sizes)
        )
        said = f"{name}: expected one value for each observed item, of shape"
        same = ops.all(ops.equal(found, target))
        values = asserted(values, same, said, target, "received", found)
    return ops.reshape(values, sizes)


def _padded(shape, rank):
    return (*shape, *[1] * (rank - len(shape)))


def _weights(weights, logits):
    """Weights in the shape of the logits' column 0; an example's own counts for all its targets."""
    wanted = logits.shape[:-1]
    missing = len(wanted) - len(weights.shape)
    if missing > 0:
        weights = ops.reshape(weights, (*ops.shape(weights), *[1] * missing))
    if len(weights.shape) == len(wanted) and all(
        size == 1 or None in (size, other) or size == other
        for size, other in zip(weights.shape, wanted, strict=True)
    ):
        return ops.broadcast_to(weights, ops.shape(logits)[:-1])
    return _fitted("sample_weight", weights, logits)


def _words(shape):
    return str(tuple("any" if size is None else size for size in shape)).replace("'any'", "any")
