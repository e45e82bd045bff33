"""A dense layer on an input that is nearly all zeros."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, EmbeddingTable
from kerasrec.register import register


@register
class SparseDense(keras.layers.Layer):
    """A dense layer whose input is given by the places that are not zero, as an autoencoder's is.

        y = activation(sum_l w_l E[row_l] + b)

    The same as `Dense(units)` on a vector of `num_rows` numbers, w_l at row_l (added up where a row
    comes twice), at a cost that grows with the rows given and not with `num_rows`.

    Args:
        num_rows: Rows of E, padding included: the length of the input were it written out.
        units: Length of the output.
        activation: Of Keras, by name.
        dropout: Share of the rows that are left out in training; the others count 1 / (1 - dropout)
            times as much.
        rows_of: "users" or "items", which of them the rows are; see `EmbeddingTable`.
        seed: Of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int rows, 0 is padding.
        weights: What each of them counts, of the same shape; 1 where left out.

    Input shape:
        `(batch, length)`.

    Output shape:
        `(batch, units)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import SparseDense
    >>> layer = SparseDense(4, 2)
    >>> layer.build()
    >>> _ = layer.table.embeddings.assign([[0, 0], [1, 2], [3, 4], [5, 6]])
    >>> layer(np.array([[3, 1, 0]]), np.array([[1.0, 10.0, 7.0]])).numpy().tolist()
    [[15.0, 26.0]]
    """

    def __init__(
        self, num_rows, units, activation=None, dropout=0.0, rows_of=None, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected 0 <= rate < 1, received {dropout}")
        self.num_rows = num_rows
        self.units = units
        self.activation = activation
        self.dropout = dropout
        self.rows_of = rows_of
        self.seed = seed
        policy = {"dtype": self.dtype_policy}
        self.table = EmbeddingTable(num_rows, units, rows_of=rows_of, **policy, name="table")
        self.function = keras.activations.get(activation)
        if dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape=None):
        self.table.build()
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, rows, weights=None, training=None):
        if weights is None:
            weights = ops.ones(ops.shape(rows), self.compute_dtype)
        if training and self.dropout:
            weights = keras.random.dropout(weights, self.dropout, seed=self.seed_generator)
        if keras.backend.backend() == "jax":  # compiled: how many places are real is not known
            weights = ops.cast(weights, self.compute_dtype)
            total = ops.einsum("bl,blu->bu", weights, self.table(rows))
            return self.function(total + self.bias)
        # Only real places are looked up: the longest of a batch is much longer than most.
        owner, place = ops.nonzero(ops.not_equal(rows, PADDING))
        at = owner * ops.shape(rows)[1] + place
        vectors = self.table(ops.take(ops.reshape(rows, (-1,)), at))
        weights = ops.take(ops.reshape(ops.cast(weights, vectors.dtype), (-1,)), at)
        total = ops.segment_sum(vectors * weights[:, None], owner, ops.shape(rows)[0])
        return self.function(total + self.bias)

    def compute_output_spec(self, rows, weights=None, training=None):
        return keras.KerasTensor((rows.shape[0], self.units), self.compute_dtype)
