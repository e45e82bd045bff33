"""Weighs the numbers of the field vectors by a context."""

import math

import keras
from keras import ops

from kerasrec.layers.dense_stack import DenseStack
from kerasrec.register import register


@register
class FieldGate(keras.layers.Layer):
    """Weighs each number of the field vectors by a context: the feature selection of FinalMLP.

        y = 2 sigmoid(W MLP(c) + b) * v

    The weights are between 0 and 2, and near 1 at the start. The context decides which view of the
    features a stream gets: that of the user, or of the item. With a context of ones all examples
    have the same weights.

    Args:
        units: Widths of the ReLU layers of the MLP; none reads the context directly.

    Call arguments:
        vectors: Field vectors v.
        context: c.

    Input shape:
        `vectors` `(batch, fields, dim)` or `(batch, width)`, `context` `(batch, any width)`.

    Output shape:
        The shape of `vectors`.

    Raises:
        InputError: for a width below 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import FieldGate
    >>> FieldGate([16])(np.ones((5, 3, 8)), np.ones((5, 4))).shape
    TensorShape([5, 3, 8])

    Reference:
        Mao et al., FinalMLP: an enhanced two-stream MLP model for CTR prediction, AAAI 2023.
    """

    def __init__(self, units=(), **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.stack = DenseStack(units, dtype=self.dtype_policy)

    def build(self, vectors_shape, context_shape):
        self.gate = keras.layers.Dense(
            math.prod(vectors_shape[1:]), "sigmoid", dtype=self.dtype_policy, name="gate"
        )
        self.stack.build(context_shape)
        self.gate.build(self.stack.compute_output_shape(context_shape))

    def call(self, vectors, context):
        gate = self.gate(self.stack(context))
        return 2.0 * ops.reshape(gate, (-1, *vectors.shape[1:])) * vectors

    def compute_output_shape(self, vectors_shape, context_shape):
        return tuple(vectors_shape)
