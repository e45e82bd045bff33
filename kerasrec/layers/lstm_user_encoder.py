"""A user's history to a vector, or to one vector a step."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.last_step import last_real_step
from kerasrec.layers.step_context import StepContext
from kerasrec.register import register

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


@register
class LSTMUserEncoder(keras.layers.Layer):
    """A recurrent network over the items of a history, in time order.

        x_t = v_t and what a `StepContext` adds
        h_t = LSTM(x_t, h_(t-1)) at real steps, h_(t-1) at padding

    and with `residual` LN(h_t + x_t) as the output: the last item also speaks for itself, which a
    rare one has too few examples to learn through the state.

    The result is the same wherever the padding stands; a history without a real step is zeros.
    On a GPU cuDNN needs the padding on the right, as `kerasrec.data` puts it; for any other give
    `use_cudnn=False`.

    Args:
        units: Length of the output.
        cell: "lstm", "gru" or "rnn" (Elman).
        bidirectional: Read the history in both directions, half of `units` each.
        dropout: Rate on the inputs, and with `residual` on each of h_t and x_t in the sum.
        residual: Add a step's own input to its state, and normalize. `units` is then the length of
            the item vectors.
        num_behaviors, time_gap_buckets: As for `StepContext`.
        use_cudnn: As for `keras.layers.LSTM`; False for an export that must run without a GPU.

    Call arguments:
        vectors: Item vectors.
        mask: True at real steps.
        behavior, time_gap: As for `StepContext`.
        all_steps: Return the state after every step instead of after the last one. An error
            with `bidirectional`, which sees the future.

    Input shape:
        `vectors` `(batch, length, dim)`, the others `(batch, length)`.

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
        num_behaviors=0,
        time_gap_buckets=0,
        use_cudnn="auto",
        **kwargs,
    ):
        # Seconds overflow float16: the inputs are cast below, each as it needs.
        super().__init__(autocast=False, **kwargs)
        if cell not in CELLS:
            raise InputError(f"cell: expected one of {', '.join(CELLS)}, received {cell!r}")
        if bidirectional and units % 2:
            raise InputError(f"units: expected an even number to read both ways, received {units}")
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.residual = residual
        self.num_behaviors = num_behaviors
        self.time_gap_buckets = time_gap_buckets
        self.use_cudnn = use_cudnn
        # The mask ends here, see compute_mask.
        self.supports_masking = True

    def build(self, input_shape):
        policy, dim = {"dtype": self.dtype_policy}, input_shape[-1]
        if self.residual:
            if dim != self.units:
                raise InputError(
                    f"residual: expected units as long as the vectors, {dim}, received {self.units}"
                )
            self.state_dropout = keras.layers.Dropout(self.dropout, **policy)
            self.residual_dropout = keras.layers.Dropout(self.dropout, **policy)
            self.norm = keras.layers.LayerNormalization(epsilon=1e-6, **policy)
            self.norm.build((None, dim))
        self.input_dropout = keras.layers.Dropout(self.dropout, **policy)
        self.context = StepContext(
            self.num_behaviors, self.time_gap_buckets, **policy, name="context"
        )
        self.context.build(input_shape)
        options = policy if self.cell == "rnn" else {**policy, "use_cudnn": self.use_cudnn}
        if self.bidirectional:
            half = CELLS[self.cell](self.units // 2, **options)
            self.rnn = keras.layers.Bidirectional(half, **policy)
        else:
            self.rnn = CELLS[self.cell](
                self.units, return_sequences=True, return_state=True, **options
            )
        self.rnn.build(input_shape)

    def call(self, vectors, mask, behavior=None, time_gap=None, all_steps=False):
        if all_steps and self.bidirectional:
            raise InputError("all_steps needs bidirectional=False: both ways see the future")
        vectors, mask = self.context(vectors, behavior, time_gap), ops.cast(mask, "bool")
        read = self.input_dropout(vectors)
        # cuDNN stops at a row without any step; such a row gets one, and zeros below.
        empty = ops.logical_not(ops.any(mask, axis=1, keepdims=True))
        first = ops.equal(ops.arange(ops.shape(mask)[1]), 0)
        steps = ops.logical_or(mask, ops.logical_and(empty, first))
        if self.bidirectional:
            last = self.rnn(read, mask=steps)
        else:
            outputs, last, *_ = self.rnn(read, mask=steps)
            if all_steps:
                outputs = self._with_input(outputs, vectors)
                return ops.where(mask[..., None], outputs, ops.zeros_like(outputs))
        if self.residual:
            last = self._with_input(last, last_real_step(vectors, mask))
        return ops.where(empty, ops.zeros_like(last), last)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def _with_input(self, states, inputs):
        if not self.residual:
            return states
        return self.norm(self.state_dropout(states) + self.residual_dropout(inputs))
