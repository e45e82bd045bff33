"""A multilayer perceptron without its output layer."""

import keras

from kerasrec.errors import InputError
from kerasrec.layers.dice import Dice
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class DenseStack(keras.layers.Layer):
    """The hidden layers of a multilayer perceptron.

        x_(l+1) = dropout(activation([BatchNorm] (W_l x_l + b_l)))

    Args:
        units: Width of each layer. Without a width the result is x.
        activation: Name of an activation of Keras, or "dice", see `Dice`.
        dropout: Rate on the output of each layer.
        batch_norm: Normalize each layer before its activation.

    Call arguments:
        x: Vectors.
        mask: True at real steps, for vectors of a history. Padding does not count in the
            statistics of batch normalization and of `Dice`. None counts all.

    Input shape:
        `x` `(batch, ..., width)`, `mask` `(batch, ...)`.

    Output shape:
        `(batch, ..., units[-1])`.

    Raises:
        InputError: for a width below 1, or a dropout outside of 0 to 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import DenseStack
    >>> DenseStack([16, 4], dropout=0.1)(np.ones((5, 8))).shape
    TensorShape([5, 4])
    """

    def __init__(self, units, activation="relu", dropout=0.0, batch_norm=False, **kwargs):
        super().__init__(**kwargs)
        for width in units:
            whole_number(width, "units: each width", 1)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected a number from 0 to below 1, received {dropout!r}")
        self.units = units
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.supports_masking = True
        policy = {"dtype": self.dtype_policy}
        self.dense = [keras.layers.Dense(width, **policy) for width in units]
        # With Keras's 0.99 the averages lag behind the weights: an epoch may be 50 steps.
        norm = {**policy, "momentum": 0.9}
        self.norms = [keras.layers.BatchNormalization(**norm) for _ in units if batch_norm]
        if activation == "dice":
            self.activations = [Dice(**policy) for _ in units]
        else:
            self.activations = [keras.layers.Activation(activation, **policy) for _ in units]
        self.dropouts = [keras.layers.Dropout(dropout, **policy) for _ in units]

    def build(self, input_shape):
        for n, dense in enumerate(self.dense):
            dense.build(input_shape)
            input_shape = (*input_shape[:-1], dense.units)
            for layer in (*self.norms[n : n + 1], self.activations[n]):
                layer.build(input_shape)

    def call(self, x, mask=None):
        for n, dense in enumerate(self.dense):
            x = dense(x)
            if self.batch_norm:
                x = self.norms[n](x, mask=mask)
            activate = self.activations[n]
            x = activate(x, mask=mask) if self.activation == "dice" else activate(x)
            x = self.dropouts[n](x)
        return x

    def compute_output_shape(self, x_shape, mask_shape=None):
        return (*x_shape[:-1], self.units[-1]) if len(self.units) else tuple(x_shape)
