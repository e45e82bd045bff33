"""Items that training has seen, and the unknown row for all others."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, UNKNOWN
from kerasrec.register import register


@register
class KnownItems(keras.layers.Layer):
    """Item rows as the id embeddings may use them: an item never trained on is unknown.

    An embedding that no step has touched is noise. So a row with count 0 becomes the unknown row,
    and to prepare that row (and everything else that must stand in for an id) for the day, a share
    of the known rows is treated the same way in training.

    Args:
        dropout: Share of the known items that are shown as unknown, with count 0, in training.
        seed: Of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int item rows of any shape; padding stays padding.
        count: How often the training data holds each of them, the same shape.

    Output:
        A tuple of rows and counts, in the shape of `rows`.

    Example:

    >>> import numpy as np
    >>> rows, count = KnownItems()(np.array([0, 4, 5]), np.array([0.0, 7.0, 0.0]))
    >>> rows.numpy().tolist(), count.numpy().tolist()
    ([0, 4, 1], [0.0, 7.0, 0.0])

    Reference:
        Volkovs et al., DropoutNet: addressing cold start in recommender systems, NeurIPS 2017.
    """

    def __init__(self, dropout=0.0, seed=None, **kwargs):
        # Counts overflow float16.
        super().__init__(autocast=False, **kwargs)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected 0 <= rate < 1, received {dropout!r}")
        self.dropout = dropout
        self.seed = seed
        if dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, rows, count, training=None):
        if training and self.dropout:
            drawn = keras.random.uniform(ops.shape(rows), dtype="float32", seed=self.seed_generator)
            count = ops.where(drawn < self.dropout, ops.zeros_like(count), count)
        known = ops.where(count > 0, rows, ops.full_like(rows, UNKNOWN))
        return ops.where(ops.equal(rows, PADDING), rows, known), count
