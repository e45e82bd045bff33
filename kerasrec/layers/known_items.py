"""Replaces items without train interactions by the unknown row."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, UNKNOWN
from kerasrec.register import register


@register
class KnownItems(keras.layers.Layer):
    """Maps item rows to rows with a trained embedding: an item without one becomes unknown.

    The embedding of an item without train interactions keeps its random initial value. So a row
    with count 0 becomes the unknown row. To train the unknown row, and the content of the items,
    training replaces a share of the known rows in the same way.

    Args:
        dropout: Share of the known items replaced by unknown, with count 0, in training.
        seed: Seed of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int item rows of any shape; padding stays padding.
        count: Train interactions of each row, of the same shape.

    Output:
        A tuple of rows and counts, both of the shape of `rows`.

    Raises:
        InputError: for a dropout outside of [0, 1).

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
            uniform = keras.random.uniform(
                ops.shape(rows), dtype="float32", seed=self.seed_generator
            )
            count = ops.where(uniform < self.dropout, ops.zeros_like(count), count)
        known = ops.where(count > 0, rows, ops.full_like(rows, UNKNOWN))
        return ops.where(ops.equal(rows, PADDING), rows, known), count
