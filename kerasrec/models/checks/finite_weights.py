"""Checks that weights are finite."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.tables import rows


def check_finite(model, method):
    """Raises an `InputError` that names the first weight with NaN or infinity.

    Each weight is read once, in blocks of rows, without a copy: some 2 ms for a million numbers.

    Args:
        model: A `Recommender`.
        method: Name of the calling method, for the error message.
    """
    for weight in model.weights:
        if not is_finite(weight):
            raise InputError(
                f"{type(model).__name__}.{method}: the weight {weight.path} holds NaN or infinity: "
                "train again with a lower learning rate or clipnorm, or load an earlier checkpoint"
            )


def is_finite(weight):
    """Whether a weight holds no NaN and no infinity; whole numbers hold none."""
    return not keras.backend.is_float_dtype(weight.dtype) or all(
        map(_all_finite, rows.read_blocks(weight))
    )


def _all_finite(values):
    # The sum is cheap. It is finite only if all values are; it may overflow, so check each then.
    return bool(ops.isfinite(ops.sum(values))) or bool(ops.all(ops.isfinite(values)))
