"""What a user liked as one vector."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class HistoryProfile(keras.layers.Layer):
    """The sum of the vectors of a history, in whatever order it came.

        p = sum over t of m_t x_t / sqrt(1 + sum of m_t)

    with m_t 1 at real items and 0 at padding. In training a share of the items is left out, drawn
    anew each time, so that the rest learns to predict them.

    Args:
        dropout: Share of the items left out in training.
        seed: Of the draws; None follows `keras.utils.set_random_seed`.

    Call arguments:
        vectors: Vectors of the items.
        mask: True at real items.

    Input shape:
        `vectors` `(batch, length, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`.

    Example:

    >>> import numpy as np
    >>> profile = HistoryProfile()
    >>> profile(np.ones((1, 4, 2)), np.array([[1, 1, 1, 0]])).numpy().tolist()
    [[1.5, 1.5]]
    """

    def __init__(self, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected 0 <= rate < 1, received {dropout!r}")
        self.dropout = dropout
        self.seed = seed
        # A mask that comes with the vectors ends here.
        self.supports_masking = True
        if dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, vectors, mask, training=None):
        weight = ops.cast(mask, "float32")
        if training and self.dropout:
            drawn = keras.random.uniform(ops.shape(weight), seed=self.seed_generator)
            weight = weight * ops.cast(drawn >= self.dropout, "float32")
        weight = weight * ops.rsqrt(1.0 + ops.sum(weight, axis=-1, keepdims=True))
        return ops.einsum("bl,bld->bd", ops.cast(weight, vectors.dtype), vectors)

    def compute_mask(self, vectors, previous_mask=None):
        return None

    def compute_output_spec(self, vectors, mask, training=None):
        return keras.KerasTensor((vectors.shape[0], vectors.shape[-1]), vectors.dtype)
