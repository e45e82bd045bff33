"""The words of an item to a vector."""

import keras
from keras import ops

from kerasrec.layers.embedding_table import EmbeddingTable
from kerasrec.register import register


@register
class Conv1DItemEncoder(keras.layers.Layer):
    """Convolutions of several widths over an item's tokens, and the maximum of each filter.

        h_k = max over real t of relu(Conv_k(E[tokens]))_t        v = Dense([h_k for each width k])

    Padding, token 0, is zeros for the convolutions and out of the maximum: more padding does not
    change the vector. An item without a token gets the vector of all h = 0.

    Args:
        vocabulary_size: Rows of the token table, padding and unknown included.
        dim: Length of the vector.
        embedding_dim: Length of the token embeddings.
        filters: Filters of each width.
        kernel_sizes: Widths in tokens.
        dropout: Rate before the last layer.

    Call arguments:
        tokens: Int tokens, 0 is padding.

    Input shape:
        `(..., length)`: `(batch, length)`, or `(batch, items, length)`.

    Output shape:
        `(..., dim)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import Conv1DItemEncoder
    >>> encoder = Conv1DItemEncoder(1000, 8, kernel_sizes=[2, 3])
    >>> encoder(np.array([[4, 9, 2, 0], [7, 0, 0, 0]])).shape
    TensorShape([2, 8])

    Reference:
        Kim, Convolutional neural networks for sentence classification, EMNLP 2014.
    """

    def __init__(
        self,
        vocabulary_size,
        dim,
        embedding_dim=64,
        filters=64,
        kernel_sizes=(3,),
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.embedding_dim = embedding_dim
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.dropout = dropout
        policy = {"dtype": self.dtype_policy}
        self.table = EmbeddingTable(
            vocabulary_size, embedding_dim, rows_of="values", **policy, name="tokens"
        )
        self.convolutions = [
            keras.layers.Conv1D(filters, size, padding="same", activation="relu", **policy)
            for size in kernel_sizes
        ]
        self.dropout_layer = keras.layers.Dropout(dropout, **policy)
        self.output_layer = keras.layers.Dense(dim, **policy)

    def build(self, input_shape):
        self.table.build()
        for convolution in self.convolutions:
            convolution.build((None, None, self.embedding_dim))
        self.output_layer.build((None, self.filters * len(self.kernel_sizes)))

    def contributions(self, tokens, direction):
        """What each token adds to the dot product of the item's vector and a direction.

        A filter adds its maximum times its share of the direction, in equal parts to the real
        tokens of the window where it has that maximum. With `<bias of the last layer, direction>`
        the tokens add up to the dot product.

        Args:
            tokens: Int `(n, length)`.
            direction: Float `(n, dim)`.

        Returns:
            Float32 `(n, length)`, 0 at padding.
        """
        tokens = ops.convert_to_tensor(tokens)
        real = ops.cast(ops.not_equal(tokens, 0), "float32")
        embedded, length = self.table(tokens), tokens.shape[1]
        share = ops.matmul(ops.cast(direction, "float32"), ops.transpose(self.output_layer.kernel))
        shares = ops.split(share, len(self.kernel_sizes), axis=-1)
        total, places = ops.zeros_like(real), ops.arange(length)
        for size, convolve, share in zip(self.kernel_sizes, self.convolutions, shares, strict=True):
            found = ops.cast(convolve(embedded), "float32") * real[..., None]
            adds = ops.max(found, axis=1) * share
            # The window that "same" padding centres on each place.
            first = ops.argmax(found, axis=1) - (size - 1) // 2
            away = places[None, :, None] - ops.cast(first, places.dtype)[:, None]
            window = ops.cast(ops.logical_and(away >= 0, away < size), "float32") * real[..., None]
            many = ops.maximum(ops.sum(window, axis=1, keepdims=True), 1.0)
            total = total + ops.sum(window / many * adds[:, None], axis=-1)
        return total

    def call(self, tokens):
        flat = ops.reshape(tokens, (-1, ops.shape(tokens)[-1]))
        real = ops.cast(ops.not_equal(flat, 0), self.compute_dtype)[..., None]
        embedded = self.table(flat)
        # After a ReLU nothing is below zero, so a zero at padding never wins the maximum.
        pooled = [ops.max(convolve(embedded) * real, axis=1) for convolve in self.convolutions]
        vector = self.output_layer(self.dropout_layer(ops.concatenate(pooled, axis=-1)))
        return ops.reshape(vector, (*ops.shape(tokens)[:-1], self.dim))
