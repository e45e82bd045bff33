"""Encodes a history as the normalized sum of its item vectors."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class HistoryProfile(keras.layers.Layer):
    """Sums the vectors of a history, independent of their order.

        p = sum over t of m_t x_t / sqrt(1 + sum of m_t)

    with m_t 1 at real items and 0 at padding. Training drops a random share of the items, so that
    the model learns to predict them from the others.

    Args:
        dropout: Share of the items dropped in training.
        seed: Seed of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        vectors: Item vectors.
        mask: True at real items.

    Input shape:
        `vectors` `(batch, length, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for a dropout outside of [0, 1).

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
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True
        if dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, vectors, mask, training=None):
        weight = ops.cast(mask, "float32")
        if training and self.dropout:
            uniform = keras.random.uniform(ops.shape(weight), seed=self.seed_generator)
            weight = weight * ops.cast(uniform >= self.dropout, "float32")
        weight = weight * ops.rsqrt(1.0 + ops.sum(weight, axis=-1, keepdims=True))
        return ops.einsum("bl,bld->bd", ops.cast(weight, vectors.dtype), vectors)

    def compute_mask(self, vectors, previous_mask=None):
        return None

    def compute_output_spec(self, vectors, mask, training=None):
        return keras.KerasTensor((vectors.shape[0], vectors.shape[-1]), vectors.dtype)
