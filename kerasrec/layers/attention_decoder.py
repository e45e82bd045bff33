"""One step of writing: what was written before, and the history looked at again."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.state_attention import StateAttention
from kerasrec.register import register


@register
class AttentionDecoder(keras.layers.Layer):
    """A GRU step, and attention of its state over the states of the history.

        s_j = GRU(v_(j-1), s_(j-1))
        c_j = "general" attention of s_j over h_1, ..., h_t, see `StateAttention`
        q_j = LN(s_j + v_(j-1)) + W c_j

    Many sequences are written side by side: one for each position of a history in training, one
    for each beam in serving. They share the history's states. W is 0 at the start.

    Args:
        units: Length of the vectors, of the states, those of the history included, and of q.
        dropout: Rate on the vectors and on s in q.

    Call arguments:
        vectors: v, the items written before.
        states: s of the step before; before the first step, the history's state h_t.
        memory: h, the states of the history.
        mask: True at real states of the history.
        causal: Sequence t sees the history up to t; there are as many sequences as states.

    Input shape:
        `vectors` and `states` `(batch, sequences, units)`, `memory` `(batch, length, units)`,
        `mask` `(batch, length)`.

    Output:
        A tuple of q and s, both `(batch, sequences, units)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers.attention_decoder import AttentionDecoder
    >>> past, mask = np.ones((2, 5, 4)), np.ones((2, 5), "bool")
    >>> q, s = AttentionDecoder(4)(past, past, past, mask, causal=True)
    >>> q.shape, s.shape
    (TensorShape([2, 5, 4]), TensorShape([2, 5, 4]))

    Reference:
        Luong, Pham, Manning, Effective approaches to attention-based neural machine translation,
        EMNLP 2015.
    """

    def __init__(self, units, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dropout = dropout
        # The mask ends here, see compute_mask.
        self.supports_masking = True
        policy = {"dtype": self.dtype_policy}
        self.input_dropout = keras.layers.Dropout(dropout, **policy)
        self.state_dropout = keras.layers.Dropout(dropout, **policy)
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, **policy)
        self.cell = keras.layers.GRUCell(units, **policy)
        self.look = StateAttention("general", **policy, name="attention")
        self.mix = keras.layers.Dense(
            units, use_bias=False, kernel_initializer="zeros", **policy, name="mix"
        )

    def build(self, vectors_shape, states_shape, memory_shape, mask_shape=None):
        if vectors_shape[-1] != self.units:
            raise InputError(
                f"units: expected {vectors_shape[-1]}, the length of the vectors, received "
                f"{self.units}"
            )
        self.cell.build((None, self.units))
        self.norm.build((None, self.units))
        self.look.build(states_shape, memory_shape)
        self.mix.build(memory_shape)

    def call(self, vectors, states, memory, mask, causal=False):
        shape = ops.shape(states)
        vectors = self.input_dropout(vectors)
        flat = [ops.reshape(x, (-1, self.units)) for x in (vectors, states)]
        written, _ = self.cell(flat[0], flat[1:])
        written = ops.reshape(written, shape)
        context, _ = self.look(written, memory, mask, causal=causal)
        query = self.norm(self.state_dropout(written) + vectors)
        return query + self.mix(context), written

    def compute_mask(self, inputs, previous_mask=None):
        return None
