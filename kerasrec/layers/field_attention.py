"""Self-attention between the fields of an example."""

import keras
from keras import ops

from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class FieldAttention(keras.layers.Layer):
    """Self-attention between the fields of an example: the interacting layer of AutoInt.

        a_ij = softmax over j of <W_query v_i, W_key v_j>                         for each head
        y_i  = relu(concat over heads of (sum_j a_ij W_value v_j) [+ W_residual v_i])

    As published, the dot products are not divided by sqrt(dim). Each layer raises the order of the
    interactions: stack two or three.

    Args:
        num_heads: Heads of the attention.
        dim: Length of the queries, keys and values of a head.
        residual: Add W_residual v.

    Call arguments:
        vectors: Field vectors v.

    Input shape:
        `(batch, fields, any dim)`.

    Output shape:
        `(batch, fields, num_heads * dim)`.

    Raises:
        InputError: for `num_heads` or `dim` below 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import FieldAttention
    >>> FieldAttention(num_heads=2, dim=3)(np.ones((5, 4, 8))).shape
    TensorShape([5, 4, 6])

    Reference:
        Song et al., AutoInt: automatic feature interaction learning via self-attentive neural
        networks, CIKM 2019.
    """

    def __init__(self, num_heads=2, dim=16, residual=True, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = whole_number(num_heads, "num_heads", 1)
        self.dim = whole_number(dim, "dim", 1)
        self.residual = residual

    def build(self, input_shape):
        shape = input_shape[-1], self.num_heads * self.dim
        self.query = self.add_weight(shape, name="query")
        self.key = self.add_weight(shape, name="key")
        self.value = self.add_weight(shape, name="value")
        if self.residual:
            self.through = self.add_weight(shape, name="residual")

    def call(self, vectors):
        query, key, value = (
            self._heads(ops.matmul(vectors, kernel))
            for kernel in (self.query, self.key, self.value)
        )
        # Sums of products overflow float16.
        query, key = ops.cast(query, "float32"), ops.cast(key, "float32")
        logits = ops.matmul(query, ops.swapaxes(key, -1, -2))
        # Not Keras's softmax, which warns of one field.
        weights = ops.exp(logits - ops.logsumexp(logits, axis=-1, keepdims=True))
        mixed = ops.matmul(ops.cast(weights, value.dtype), value)
        fields = vectors.shape[1]
        mixed = ops.reshape(
            ops.transpose(mixed, (0, 2, 1, 3)), (-1, fields, self.num_heads * self.dim)
        )
        if self.residual:
            mixed = mixed + ops.matmul(vectors, self.through)
        return ops.relu(mixed)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.num_heads * self.dim)

    def _heads(self, x):
        """`(batch, heads, fields, dim)` of `(batch, fields, heads * dim)`."""
        x = ops.reshape(x, (-1, x.shape[1], self.num_heads, self.dim))
        return ops.transpose(x, (0, 2, 1, 3))
