"""Adds behavior and time gap to the item vectors of a history."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import EmbeddingTable
from kerasrec.register import register


@register
class StepContext(keras.layers.Layer):
    """Adds an embedding of the behavior, and one of the time gap, to the vector of each step.

        x_t = v_t [+ B[behavior_t]] [+ G[floor(log2(1 + time_gap_t))]]

    Serving may omit behaviors and time gaps. So training drops each of the two, independently, from
    a share of the histories, for all steps of the history, and scales the others by
    `1 / (1 - dropout)`.

    Args:
        num_behaviors: Rows of the behavior vocabulary; 0 ignores `behavior`.
        time_gap_buckets: Buckets of the time gap, the last one open; 0 ignores `time_gap`. With 26
            the last bucket starts at 2^25 - 1 seconds, about 388 days.
        dropout: Share of the histories without behaviors, and without time gaps, in training.

    Call arguments:
        vectors: Item vectors.
        behavior: Int rows of the behavior vocabulary; 0 is a missing behavior and adds nothing, as
            does None.
        time_gap: Float seconds since the previous step; a negative one is missing and adds nothing,
            as does None.

    Input shape:
        `vectors` `(batch, length, dim)`, the others `(batch, length)`.

    Output shape:
        That of `vectors`.

    Raises:
        InputError: for a dropout outside of [0, 1).

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import StepContext
    >>> layer = StepContext(num_behaviors=4)
    >>> layer(np.ones((1, 3, 2)), behavior=np.array([[2, 3, 0]])).shape
    TensorShape([1, 3, 2])
    """

    def __init__(self, num_behaviors=0, time_gap_buckets=0, dropout=0.0, **kwargs):
        # Seconds overflow float16: the vectors alone are cast, in `call`.
        super().__init__(autocast=False, **kwargs)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected 0 <= rate < 1, received {dropout!r}")
        self.num_behaviors = num_behaviors
        self.time_gap_buckets = time_gap_buckets
        self.dropout = dropout

    def build(self, input_shape):
        policy, dim = {"dtype": self.dtype_policy}, input_shape[-1]
        if self.num_behaviors:
            self.behavior_table = EmbeddingTable(self.num_behaviors, dim, **policy, name="behavior")
            self.behavior_table.build()
        if self.time_gap_buckets:
            # Row 0 is padding; the first bucket is row 1.
            self.time_gap_table = EmbeddingTable(
                self.time_gap_buckets + 1, dim, **policy, name="time_gap"
            )
            self.time_gap_table.build()
        self.context_dropout = keras.layers.Dropout(self.dropout, (None, 1, 1), **policy)

    def call(self, vectors, behavior=None, time_gap=None):
        vectors = ops.cast(vectors, self.compute_dtype)
        if self.num_behaviors and behavior is not None:
            vectors = vectors + self.context_dropout(self.behavior_table(behavior))
        if self.time_gap_buckets and time_gap is not None:
            rows = ops.where(time_gap < 0, 0, 1 + self._bucket(time_gap))
            vectors = vectors + self.context_dropout(self.time_gap_table(rows))
        return vectors

    def compute_output_spec(self, vectors, behavior=None, time_gap=None):
        return keras.KerasTensor(vectors.shape, self.compute_dtype)

    def _bucket(self, seconds):
        # Compared with the bounds: the floor of a float32 log2 is one less at some powers of two.
        starts = [2.0**bucket - 1.0 for bucket in range(1, self.time_gap_buckets)]
        reached = ops.cast(seconds, "float32")[..., None] >= ops.cast(starts, "float32")
        return ops.sum(ops.cast(reached, "int32"), axis=-1)
