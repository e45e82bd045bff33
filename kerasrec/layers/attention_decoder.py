"""One GRU decoding step with attention over the encoder states."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.state_attention import StateAttention
from kerasrec.register import register


@register
class AttentionDecoder(keras.layers.Layer):
    """One GRU decoding step with attention over the encoder states.

        s_j = GRU(v_(j-1), s_(j-1))
        c_j = "general" attention of s_j over h_1, ..., h_t, see `StateAttention`
        q_j = LN(s_j + v_(j-1)) + W c_j

    Several sequences are decoded in parallel: in training one for each position of the history, in
    serving one for each beam. They share the encoder states. W starts at 0.

    Args:
        units: Length of the item vectors, of the decoder and encoder states, and of q.
        dropout: Rate on the item vectors, and on s in q.

    Call arguments:
        vectors: v, vectors of the items decoded last.
        states: s of the previous step; at the first step the encoder state h_t.
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
        # Downstream layers get no mask, see compute_mask.
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
        states_shape = ops.shape(states)
        vectors = self.input_dropout(vectors)
        flat = [ops.reshape(x, (-1, self.units)) for x in (vectors, states)]
        new_states, _ = self.cell(flat[0], flat[1:])
        new_states = ops.reshape(new_states, states_shape)
        context, _ = self.look(new_states, memory, mask, causal=causal)
        query = self.norm(self.state_dropout(new_states) + vectors)
        return query + self.mix(context), new_states

    def compute_mask(self, inputs, previous_mask=None):
        return None
