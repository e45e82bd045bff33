"""A dense layer for sparse inputs."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, EmbeddingTable
from kerasrec.register import register


@register
class SparseDense(keras.layers.Layer):
    """A dense layer whose input is given as indices and values of the nonzero elements.

        y = activation(sum_l w_l E[row_l] + b)

    Equal to `Dense(units)` on a vector of `num_rows` numbers with w_l at row_l, where the weights
    of repeated rows are added. The cost depends on the number of rows given, not on `num_rows`.

    Args:
        num_rows: Rows of E, padding included: the length of the dense input.
        units: Length of the output.
        activation: Name of a Keras activation, or None.
        dropout: Share of the rows dropped in training; the weights of the others are scaled by
            1 / (1 - dropout).
        rows_of: "users" or "items", the vocabulary of the rows; see `EmbeddingTable`.
        seed: Seed of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        rows: Int rows, 0 is padding.
        weights: Weights w of the same shape; None uses 1.

    Input shape:
        `(batch, length)`.

    Output shape:
        `(batch, units)`.

    Raises:
        InputError: for a dropout outside of [0, 1).

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
        if keras.backend.backend() == "jax":  # compiled: the number of real rows is not known
            weights = ops.cast(weights, self.compute_dtype)
            total = ops.einsum("bl,blu->bu", weights, self.table(rows))
            return self.function(total + self.bias)
        # Gathers real rows only: in a batch the longest list is much longer than most.
        example, column = ops.nonzero(ops.not_equal(rows, PADDING))
        index = example * ops.shape(rows)[1] + column
        vectors = self.table(ops.take(ops.reshape(rows, (-1,)), index))
        weights = ops.take(ops.reshape(ops.cast(weights, vectors.dtype), (-1,)), index)
        total = ops.segment_sum(vectors * weights[:, None], example, ops.shape(rows)[0])
        return self.function(total + self.bias)

    def compute_output_spec(self, rows, weights=None, training=None):
        return keras.KerasTensor((rows.shape[0], self.units), self.compute_dtype)
