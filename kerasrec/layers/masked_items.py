"""Chooses the positions of a sequence to mask."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class MaskedItems(keras.layers.Layer):
    """Chooses the positions that a masked language model predicts.

        max(1, round(share n)) of the n real positions of a row, sampled at every step
        only the last real position, for a share `last` of the rows and outside of training

    Serving predicts the item after the last one, so validation masks the last position. The output
    is a one-hot matrix: `sum over l of output[b, l, k] x[b, l]` gathers x at the k-th chosen
    position, and `sum over k of output[b, l, k] y[b, k]` scatters y back.

    Args:
        share: Share of the real positions that is chosen.
        last: Share of the rows for which only the last item is chosen.
        seed: Seed of the sampling; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int item rows; 0 is padding, at any position.

    Input shape:
        `(batch, length)`.

    Output shape:
        `(batch, length, k)`, float32: 1 where the position is the k-th chosen one of the row, else
        0. The size k is `floor(share length) + 1`, enough for a row without padding.

    Raises:
        InputError: for a share outside of [0.001, 0.999], or `last` outside of [0, 1].

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import MaskedItems
    >>> MaskedItems()(np.array([[7, 8, 9, 0]])).numpy()[..., 0].tolist()
    [[0.0, 0.0, 1.0, 0.0]]

    Reference:
        Sun et al., BERT4Rec: sequential recommendation with bidirectional encoder representations
        from Transformer, CIKM 2019; its code also samples a fixed number of positions.
    """

    def __init__(self, share=0.2, last=0.1, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0.001 <= share <= 0.999:
            raise InputError(f"share: expected a number from 0.001 to 0.999, received {share}")
        if not 0 <= last <= 1:
            raise InputError(f"last: expected a number from 0 to 1, received {last}")
        self.share = share
        self.last = last
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, rows, training=None):
        real = ops.not_equal(rows, PADDING)
        steps = ops.arange(ops.shape(rows)[1], dtype="int32")
        last = ops.max(ops.where(real, steps, -1), axis=1, keepdims=True)
        num_slots = self._share_of(ops.shape(rows)[1], 0) + 1
        slots = ops.arange(num_slots, dtype="int32")
        if not training:
            chosen = ops.where(ops.equal(slots, 0), last, -1)
        else:
            count = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)
            order = keras.random.uniform(ops.shape(rows), dtype="float32", seed=self.seed_generator)
            order = ops.argsort(ops.where(real, order, 2.0), axis=1)[:, :num_slots]
            num_chosen = ops.minimum(ops.maximum(self._share_of(count, 500), 1), count)
            chosen = ops.where(slots < num_chosen, ops.cast(order, "int32"), -1)
            uniform = keras.random.uniform(
                ops.shape(last), dtype="float32", seed=self.seed_generator
            )
            only_last = ops.where(ops.equal(slots, 0), last, -1)
            chosen = ops.where(uniform < self.last, only_last, chosen)
        return ops.cast(ops.equal(steps[:, None], chosen[:, None, :]), "float32")

    def compute_output_spec(self, rows, training=None):
        length = rows.shape[1]
        num_slots = None if length is None else self._share_of(length, 0) + 1
        return keras.KerasTensor((*rows.shape, num_slots), "float32")

    def _share_of(self, count, rounding):
        # In integers, because a dynamic length is an integer tensor.
        return (count * round(1000 * self.share) + rounding) // 1000
