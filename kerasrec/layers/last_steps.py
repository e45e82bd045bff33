"""The last steps of histories that are padded on the right."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class LastSteps(keras.layers.Layer):
    """The values at the last `length` items of each history, left-aligned, padded with 0.

    Args:
        length: Steps that are kept.

    Call arguments:
        values: `(batch, width)` of any dtype, one value for each step.
        history: Int rows `(batch, width)`; 0 is padding, on the right.

    Output: `(batch, min(length, width))`.

    Raises:
        InputError: for a length below 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import LastSteps
    >>> history = np.array([[5, 6, 7, 8], [9, 0, 0, 0]])
    >>> np.array(LastSteps(2)(history, history)).tolist()
    [[7, 8], [9, 0]]
    """

    def __init__(self, length, **kwargs):
        # No autocast: seconds would lose digits in half precision.
        super().__init__(autocast=False, **kwargs)
        if length < 1:
            raise InputError(f"length: expected a whole number from 1, received {length!r}")
        self.length = length

    def call(self, values, history):
        counts = ops.sum(ops.cast(ops.not_equal(history, 0), "int32"), axis=1, keepdims=True)
        width = ops.shape(history)[1]
        steps = ops.arange(ops.minimum(self.length, width), dtype="int32")[None]
        places = ops.maximum(counts - self.length, 0) + steps
        found = ops.take_along_axis(values, ops.minimum(places, width - 1), axis=1)
        return ops.where(places < counts, found, ops.zeros_like(found))

    def compute_output_spec(self, values, history):
        width = values.shape[1]
        kept = None if width is None else min(self.length, width)
        return keras.KerasTensor((values.shape[0], kept), values.dtype)
