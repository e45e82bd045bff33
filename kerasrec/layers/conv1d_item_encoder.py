"""Encodes the text of an item as a vector, by convolutions."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import EmbeddingTable
from kerasrec.register import register


@register
class Conv1DItemEncoder(keras.layers.Layer):
    """Encodes the tokens of an item by convolutions of several widths and max pooling.

        h_k = max over real t of relu(Conv_k(E[tokens]))_t
        v   = activation(W [h_k for each width k] + b)

    Padding, token 0, is a zero vector for the convolutions and is masked in the maximum, so the
    amount of padding does not change the result. An item without tokens has h = 0.

    Args:
        vocabulary_size: Rows of the token table, padding and unknown included.
        dim: Length of the vector.
        embedding_dim: Length of the token embeddings.
        filters: Filters of each width.
        kernel_sizes: Widths in tokens.
        dropout: Rate before the last layer.
        activation: Of the last layer: name of an activation of Keras, such as "sigmoid"; None is
            linear.

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
        activation=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.embedding_dim = embedding_dim
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.dropout = dropout
        self.activation = activation
        policy = {"dtype": self.dtype_policy}
        self.table = EmbeddingTable(
            vocabulary_size, embedding_dim, rows_of="values", **policy, name="tokens"
        )
        self.convolutions = [
            keras.layers.Conv1D(filters, size, padding="same", activation="relu", **policy)
            for size in kernel_sizes
        ]
        self.dropout_layer = keras.layers.Dropout(dropout, **policy)
        self.output_layer = keras.layers.Dense(dim, activation, **policy)

    def build(self, input_shape):
        self.table.build()
        for convolution in self.convolutions:
            convolution.build((None, None, self.embedding_dim))
        self.output_layer.build((None, self.filters * len(self.kernel_sizes)))

    def contributions(self, tokens, direction):
        """The part of each token in the dot product of the item's vector and a direction.

        The part of a filter is its maximum times the filter's weight in the direction. It is
        divided equally among the real tokens of the window at which the maximum occurs. The parts
        of all tokens and `<bias of the last layer, direction>` sum to the dot product.

        Args:
            tokens: Int `(n, length)`.
            direction: Float `(n, dim)`.

        Returns:
            Float32 `(n, length)`, 0 at padding.

        Raises:
            InputError: with an `activation`: then the dot product is no sum over tokens.
        """
        if self.activation is not None:
            raise InputError(
                f"the vector is {self.activation!r} of a sum, so a dot product with it is no sum "
                "over tokens: use activation=None"
            )
        tokens = ops.convert_to_tensor(tokens)
        real = ops.cast(ops.not_equal(tokens, 0), "float32")
        embedded, length = self.table(tokens), tokens.shape[1]
        weights = ops.matmul(
            ops.cast(direction, "float32"), ops.transpose(self.output_layer.kernel)
        )
        weights_of_widths = ops.split(weights, len(self.kernel_sizes), axis=-1)
        total, positions = ops.zeros_like(real), ops.arange(length)
        for size, convolve, weights in zip(
            self.kernel_sizes, self.convolutions, weights_of_widths, strict=True
        ):
            found = ops.cast(convolve(embedded), "float32") * real[..., None]
            parts = ops.max(found, axis=1) * weights
            # The first token of the window: "same" padding centres a window on its position.
            first = ops.argmax(found, axis=1) - (size - 1) // 2
            offset = positions[None, :, None] - ops.cast(first, positions.dtype)[:, None]
            window = (
                ops.cast(ops.logical_and(offset >= 0, offset < size), "float32") * real[..., None]
            )
            num_tokens = ops.maximum(ops.sum(window, axis=1, keepdims=True), 1.0)
            total = total + ops.sum(window / num_tokens * parts[:, None], axis=-1)
        return total

    def call(self, tokens):
        flat = ops.reshape(tokens, (-1, ops.shape(tokens)[-1]))
        real = ops.cast(ops.not_equal(flat, 0), self.compute_dtype)[..., None]
        embedded = self.table(flat)
        # After a ReLU nothing is below zero, so a zero at padding never wins the maximum.
        pooled = [ops.max(convolve(embedded) * real, axis=1) for convolve in self.convolutions]
        vector = self.output_layer(self.dropout_layer(ops.concatenate(pooled, axis=-1)))
        return ops.reshape(vector, (*ops.shape(tokens)[:-1], self.dim))
