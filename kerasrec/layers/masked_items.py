"""Which items of a sequence are hidden, to be found again."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register


@register
class MaskedItems(keras.layers.Layer):
    """Chooses the places of a sequence that a masked language model has to fill.

        m = max(1, round(share n))      of the n real places of a row, drawn anew at every step
        m = 1, the last real place      for a share `last` of the rows, and outside of training

    To find the last item is what such a model is asked for later, so that is what validation sees.
    Columns k of the result pick: `sum over l of picked[b, l, k] x[b, l]` is x at the k-th chosen
    place, and `sum over k of picked[b, l, k] y[b, k]` brings it back there.

    Args:
        share: Of the real places.
        last: Share of the rows of which only the last item is chosen.
        seed: Of the draws; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int item rows; 0 is padding, wherever it stands.

    Input shape:
        `(batch, length)`.

    Output shape:
        `(batch, length, k)`, float32: 1 where the place is the row's k-th chosen one, else 0; k is
        as many as a row without padding can have, `floor(share length) + 1`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import MaskedItems
    >>> MaskedItems()(np.array([[7, 8, 9, 0]])).numpy()[..., 0].tolist()
    [[0.0, 0.0, 1.0, 0.0]]

    Reference:
        Sun et al., BERT4Rec: sequential recommendation with bidirectional encoder representations
        from Transformer, CIKM 2019; its code draws a fixed number of places as well.
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
        most = self._share_of(ops.shape(rows)[1], 0) + 1
        slots = ops.arange(most, dtype="int32")
        if not training:
            places = ops.where(ops.equal(slots, 0), last, -1)
        else:
            count = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)
            order = keras.random.uniform(ops.shape(rows), dtype="float32", seed=self.seed_generator)
            order = ops.argsort(ops.where(real, order, 2.0), axis=1)[:, :most]
            many = ops.minimum(ops.maximum(self._share_of(count, 500), 1), count)
            places = ops.where(slots < many, ops.cast(order, "int32"), -1)
            drawn = keras.random.uniform(ops.shape(last), dtype="float32", seed=self.seed_generator)
            only_last = ops.where(ops.equal(slots, 0), last, -1)
            places = ops.where(drawn < self.last, only_last, places)
        return ops.cast(ops.equal(steps[:, None], places[:, None, :]), "float32")

    def compute_output_spec(self, rows, training=None):
        length = rows.shape[1]
        most = None if length is None else self._share_of(length, 0) + 1
        return keras.KerasTensor((*rows.shape, most), "float32")

    def _share_of(self, count, rounding):
        # In whole numbers, which a length known only at run time is as well.
        return (count * round(1000 * self.share) + rounding) // 1000
