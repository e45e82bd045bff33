"""Samples rows from padded lists."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class ListSample(keras.layers.Layer):
    """Keeps at most `length` rows of each list, which bounds the cost of long lists.

    A list of at most `length` rows is kept whole. From a longer one, training samples `length` rows
    with replacement at every step; otherwise the first `length` rows are kept.

    Args:
        length: Rows to keep.
        seed: Seed of the sampling; None follows `keras.utils.set_random_seed`.

    Input shape:
        `(..., n)` int rows with the padding, 0, on the right.

    Output shape:
        `(..., min(n, length))`.

    Raises:
        InputError: for a length that is no whole number from 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import ListSample
    >>> ListSample(2)(np.array([[5, 7, 9], [4, 0, 0]])).numpy().tolist()
    [[5, 7], [4, 0]]
    """

    def __init__(self, length, seed=None, **kwargs):
        super().__init__(**kwargs)
        if int(length) != length or length < 1:
            raise InputError(f"length: expected a whole number from 1, received {length!r}")
        self.length = length
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, rows, training=None):
        first = rows[..., : self.length]
        if not training or rows.shape[-1] <= self.length:
            return first
        num_real = ops.sum(ops.cast(ops.not_equal(rows, PADDING), "int32"), axis=-1, keepdims=True)
        uniform = keras.random.uniform(ops.shape(first), dtype="float32", seed=self.seed_generator)
        # In float32 a draw just below 1, times a large number, may round to that number.
        index = ops.minimum(
            ops.cast(uniform * ops.cast(num_real, "float32"), "int32"), num_real - 1
        )
        sampled = ops.take_along_axis(rows, ops.maximum(index, 0), axis=-1)
        return ops.where(num_real > self.length, sampled, first)

    def compute_output_spec(self, rows, training=None):
        shape = (*rows.shape[:-1], min(rows.shape[-1], self.length))
        return keras.KerasTensor(shape, rows.dtype)
