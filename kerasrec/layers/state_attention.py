"""Attention of query vectors over the states of a history."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register

KINDS = ("dot", "general", "additive")
MASKED = -1e9
# Avoids 0 / 0 for a query without real states; otherwise the largest mass is 1.
TINY = 1e-30


@register
class StateAttention(keras.layers.Layer):
    """Attention of query vectors over the states of a history.

        a_ts = softmax over the real s of e(h_s, q_t)                  c_t = sum_s a_ts h_s
        dot:       e(h, q) = <h, q>
        general:   e(h, q) = h^T W q
        additive:  e(h, q) = v^T tanh(W_1 h + W_2 q)

    Memory: "dot" and "general" take one number per pair of a query and a state, "additive" takes
    `dim` numbers, twice that in training. At batch 64, length 100 and `dim` 32 these are 64 x 100 x
    100 x 32 x 4 bytes = 82 MB; at length 1000 they are 8 GB.

    Args:
        kind: "dot", "general" or "additive".
        dim: Length of v, for "additive".

    Call arguments:
        query: Query vectors q.
        states: States h.
        mask: True at real states. A query without an unmasked state has weights and context 0.
        causal: Query t attends to the states s <= t. Needs as many queries as states.

    Input shape:
        `query` `(batch, queries, query_dim)`, `states` `(batch, length, state_dim)`, `mask`
        `(batch, length)`. A batch of 1 is broadcast.

    Output:
        A tuple of contexts `(batch, queries, state_dim)` and weights `(batch, queries, length)`
        float32.

    Raises:
        InputError: for an unknown kind, a `dim` below 1, or "dot" with vectors of different
            lengths.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers.state_attention import StateAttention
    >>> states, mask = np.array([[[0.0], [np.log(3)], [9.0]]]), np.array([[True, True, False]])
    >>> context, weights = StateAttention("dot")(np.array([[[1.0]]]), states, mask)
    >>> weights.numpy().round(2).tolist()
    [[[0.25, 0.75, 0.0]]]

    Reference:
        Luong, Pham, Manning, Effective approaches to attention-based neural machine translation,
        EMNLP 2015; additive: Bahdanau, Cho, Bengio, Neural machine translation by jointly learning
        to align and translate, ICLR 2015.
    """

    def __init__(self, kind="general", dim=32, **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise InputError(f"kind: expected one of {', '.join(KINDS)}, received {kind!r}")
        if dim < 1:
            raise InputError(f"dim: expected at least 1, received {dim}")
        self.kind = kind
        self.dim = dim
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True

    def build(self, query_shape, states_shape, mask_shape=None):
        query_dim, state_dim = query_shape[-1], states_shape[-1]
        if self.kind == "dot" and query_dim != state_dim:
            raise InputError(
                f"kind='dot': expected query vectors of the length of the states, {state_dim}, "
                f"received {query_dim}: use 'general' or 'additive'"
            )
        if self.kind == "general":
            self.kernel = self.add_weight((query_dim, state_dim), name="kernel")
        if self.kind == "additive":
            self.query_kernel = self.add_weight((query_dim, self.dim), name="query_kernel")
            self.state_kernel = self.add_weight((state_dim, self.dim), name="state_kernel")
            self.v = self.add_weight((self.dim, 1), name="v")

    def call(self, query, states, mask, causal=False):
        weights = self.weights_of(query, states, mask, causal)
        return ops.matmul(ops.cast(weights, states.dtype), states), weights

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def weights_of(self, query, states, mask, causal=False):
        """The attention weights only. The layer must be built."""
        visible = ops.cast(mask, "bool")[:, None, :]
        if causal:
            step = ops.arange(ops.shape(states)[1])
            visible = ops.logical_and(visible, step[:, None] >= step)
        scores = ops.where(visible, ops.cast(self._scores(query, states), "float32"), MASKED)
        # Not Keras's softmax, which warns if a history has one step.
        maximum = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
        mass = ops.where(visible, ops.exp(scores - maximum), 0.0)
        return mass / ops.maximum(ops.sum(mass, axis=-1, keepdims=True), TINY)

    def _scores(self, query, states):
        if self.kind == "additive":
            projected_query = ops.matmul(query, self.query_kernel)[:, :, None]
            projected_states = ops.matmul(states, self.state_kernel)[:, None]
            return ops.matmul(ops.tanh(projected_query + projected_states), self.v)[..., 0]
        if self.kind == "general":
            query = ops.matmul(query, self.kernel)
        return ops.matmul(query, ops.transpose(states, (0, 2, 1)))
