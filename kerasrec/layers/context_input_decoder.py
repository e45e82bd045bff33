"""One GRU decoding step that reads the attention context with the item."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.state_attention import StateAttention
from kerasrec.register import register


@register
class ContextInputDecoder(keras.layers.Layer):
    """One GRU decoding step that reads the attention context with the item.

        a_j = softmax over i of h_i^T W [s_(j-1); v_(j-1)],    c_j = sum_i a_ji h_i
        s_j = GRU([v_(j-1); c_j], s_(j-1)),    q_j = s_j

    `AttentionDecoder` attends after the cell, and its cell reads the item alone. The first state
    s_0 may be zeros, since the first context already says what was read. The call is that of
    `AttentionDecoder`.

    Args:
        units: Length of the item vectors, of the decoder and encoder states, and of q.
        dropout: Rate on the item vectors, and on q.

    Call arguments:
        vectors: v, vectors of the items decoded last.
        states: s of the previous step.
        memory: h, the encoder states.
        mask: True at real encoder states.
        causal: Sequence t attends to the encoder states up to t. Needs as many sequences as states.

    Input shape:
        `vectors` and `states` `(batch, sequences, units)`, `memory` `(batch, length, units)`,
        `mask` `(batch, length)`.

    Output:
        A tuple of q and s, both `(batch, sequences, units)`.

    Raises:
        InputError: if the vectors do not have length `units`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import ContextInputDecoder
    >>> past, mask = np.ones((2, 5, 4)), np.ones((2, 5), "bool")
    >>> q, s = ContextInputDecoder(4)(past, np.zeros((2, 5, 4)), past, mask, causal=True)
    >>> q.shape, s.shape
    (TensorShape([2, 5, 4]), TensorShape([2, 5, 4]))

    Reference:
        Bahdanau, Cho, Bengio, Neural machine translation by jointly learning to align and
        translate, ICLR 2015.
    """

    def __init__(self, units, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dropout = dropout
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True
        policy = {"dtype": self.dtype_policy}
        self.input_dropout = keras.layers.Dropout(dropout, **policy)
        self.state_dropout = keras.layers.Dropout(dropout, **policy)
        self.cell = keras.layers.GRUCell(units, **policy)
        self.look = StateAttention("general", **policy, name="attention")

    def build(self, vectors_shape, states_shape, memory_shape, mask_shape=None):
        if vectors_shape[-1] != self.units:
            raise InputError(
                f"units: expected {vectors_shape[-1]}, the length of the vectors, received "
                f"{self.units}"
            )
        self.cell.build((None, 2 * self.units))
        self.look.build((*states_shape[:-1], 2 * self.units), memory_shape)

    def call(self, vectors, states, memory, mask, causal=False):
        vectors = self.input_dropout(vectors)
        asked = ops.concatenate([states, vectors], axis=-1)
        context, _ = self.look(asked, memory, mask, causal=causal)
        read = ops.reshape(ops.concatenate([vectors, context], axis=-1), (-1, 2 * self.units))
        new_states, _ = self.cell(read, [ops.reshape(states, (-1, self.units))])
        new_states = ops.reshape(new_states, ops.shape(states))
        return self.state_dropout(new_states), new_states

    def compute_mask(self, inputs, previous_mask=None):
        return None
