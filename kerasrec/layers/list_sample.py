"""A few of many: a sample of each padded list."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class ListSample(keras.layers.Layer):
    """At most `length` rows of each list, so that a long list costs what a short one does.

    A list that is short enough is kept whole. Of a longer one, training draws `length` rows anew
    every time, with replacement; all else takes the first ones.

    Args:
        length: Rows to keep.
        seed: Of the draws; None follows `keras.utils.set_random_seed`.

    Input shape:
        `(..., n)` int rows, packed to the left; 0 is padding.

    Output shape:
        `(..., min(n, length))`.

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
        many = ops.sum(ops.cast(ops.not_equal(rows, PADDING), "int32"), axis=-1, keepdims=True)
        draws = keras.random.uniform(ops.shape(first), dtype="float32", seed=self.seed_generator)
        # A draw of almost 1 times a large number may be that number.
        at = ops.minimum(ops.cast(draws * ops.cast(many, "float32"), "int32"), many - 1)
        drawn = ops.take_along_axis(rows, ops.maximum(at, 0), axis=-1)
        return ops.where(many > self.length, drawn, first)

    def compute_output_spec(self, rows, training=None):
        shape = (*rows.shape[:-1], min(rows.shape[-1], self.length))
        return keras.KerasTensor(shape, rows.dtype)
