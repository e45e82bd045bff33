"""Encodes a history as a vector, or as one vector a step, by a recurrent network."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.last_step import last_real_step
from kerasrec.register import register

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


@register
class LSTMUserEncoder(keras.layers.Layer):
    """A recurrent network over the items of a history, in time order.

        h_t = LSTM(v_t, h_(t-1)) at real steps, h_(t-1) at padding
        y_t = h_t, LN(h_t + v_t) with `residual`, or activation(W h_t + b) with `activation`

    The residual lets the last item score by its own vector. The state alone learns this slowly for
    rare items.

    The result does not depend on where the padding stands. A history without a real step gives
    zeros. cuDNN needs the padding on the right, as `kerasrec.data` puts it; for any other padding
    on a GPU pass `use_cudnn=False`.

    Args:
        units: Length of the output.
        cell: "lstm", "gru" or "rnn" (Elman).
        bidirectional: Read the history in both directions, with `units / 2` each.
        dropout: Rate on the inputs, and with `residual` on each of h_t and v_t in the sum.
        residual: Add the input of a step to its state and normalize the sum. The item vectors must
            have length `units`.
        activation: Name of an activation of Keras, such as "sigmoid": a dense layer of `units` with
            it follows the network. Not with `residual`.
        use_cudnn: As for `keras.layers.LSTM`. An export that must run without a GPU needs False.

    Call arguments:
        vectors: Item vectors.
        mask: True at real steps.
        all_steps: Return the state after every step instead of the last one. Not possible with
            `bidirectional`, whose states depend on later steps.

    Input shape:
        `vectors` `(batch, length, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, units)`; with `all_steps` `(batch, length, units)`, zeros at padding.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import LSTMUserEncoder
    >>> vectors, mask = np.ones((2, 5, 3)), np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "bool")
    >>> encoder = LSTMUserEncoder(4)
    >>> encoder(vectors, mask).shape, encoder(vectors, mask, all_steps=True).shape
    (TensorShape([2, 4]), TensorShape([2, 5, 4]))

    Reference:
        Hidasi et al., Session-based recommendations with recurrent neural networks, ICLR 2016.
    """

    def __init__(
        self,
        units,
        cell="lstm",
        bidirectional=False,
        dropout=0.0,
        residual=False,
        activation=None,
        use_cudnn="auto",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise InputError(f"cell: expected one of {', '.join(CELLS)}, received {cell!r}")
        if bidirectional and units % 2:
            raise InputError(f"units: bidirectional needs an even number, received {units}")
        if residual and activation is not None:
            raise InputError(
                f"activation: expected None with residual=True, received {activation!r}: the "
                "residual sum is normalized instead"
            )
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.residual = residual
        self.activation = activation
        self.use_cudnn = use_cudnn
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True
        policy = {"dtype": self.dtype_policy}
        if residual:
            self.state_dropout = keras.layers.Dropout(dropout, **policy)
            self.residual_dropout = keras.layers.Dropout(dropout, **policy)
            self.norm = keras.layers.LayerNormalization(epsilon=1e-6, **policy)
        if activation is not None:
            self.output_layer = keras.layers.Dense(units, activation, **policy)
        self.input_dropout = keras.layers.Dropout(dropout, **policy)

    def build(self, input_shape):
        policy, dim = {"dtype": self.dtype_policy}, input_shape[-1]
        if self.residual:
            if dim != self.units:
                raise InputError(
                    f"units: expected {dim}, the length of the vectors, with residual=True, "
                    f"received {self.units}"
                )
            self.norm.build((None, dim))
        options = policy if self.cell == "rnn" else {**policy, "use_cudnn": self.use_cudnn}
        if self.bidirectional:
            half = CELLS[self.cell](self.units // 2, **options)
            self.rnn = keras.layers.Bidirectional(half, **policy)
        else:
            self.rnn = CELLS[self.cell](
                self.units, return_sequences=True, return_state=True, **options
            )
        self.rnn.build(input_shape)
        if self.activation is not None:
            self.output_layer.build((None, self.units))

    def call(self, vectors, mask, all_steps=False):
        if all_steps and self.bidirectional:
            raise InputError(
                "all_steps=True needs bidirectional=False: with both directions the state of a "
                "step depends on later steps"
            )
        mask = ops.cast(mask, "bool")
        inputs = self.input_dropout(vectors)
        # cuDNN fails on a row without a real step. Such a row gets one; its result is zeroed below.
        empty = ops.logical_not(ops.any(mask, axis=1, keepdims=True))
        first = ops.equal(ops.arange(ops.shape(mask)[1]), 0)
        steps = ops.logical_or(mask, ops.logical_and(empty, first))
        if self.bidirectional:
            last = self.rnn(inputs, mask=steps)
        else:
            states, last, *_ = self.rnn(inputs, mask=steps)
            if all_steps:
                states = self._output(states, vectors)
                return ops.where(mask[..., None], states, ops.zeros_like(states))
        last = self._output(last, last_real_step(vectors, mask) if self.residual else None)
        return ops.where(empty, ops.zeros_like(last), last)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def _output(self, states, vectors):
        if self.activation is not None:
            return self.output_layer(states)
        if not self.residual:
            return states
        return self.norm(self.state_dropout(states) + self.residual_dropout(vectors))
