"""Encodes a history as a vector, or as one vector a step, by self-attention."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.candidates import MASKED
from kerasrec.layers.last_step import last_real_step
from kerasrec.register import register


@register
class TransformerUserEncoder(keras.layers.Layer):
    """Self-attention over the items of a history, in time order.

        x = dropout(v_t + P[number of real steps before t])
        x = x + dropout(Attention(LN(x)));  x = x + dropout(FFN(LN(x)))      num_blocks times
        h = LN(x)

        Attention(x) = W_o (concat over heads of softmax(Q K^T / sqrt(dim / num_heads) + D + mask) V
                            [* silu(W_g x + b_g)])
        D_ts         = a trained bias of the block and head for the distance t - s
        FFN(x)       = W_2 activation(W_1 x + b_1) + b_2

    D is shared by all pairs of steps at the same distance, so it learns recency faster than P,
    which learns each position separately. The gate scales each channel of the attention output, and
    can suppress it; the weights of a softmax sum to 1 and cannot. The result does not depend on the
    side of the padding. A history without a real step gives zeros. Steps after `max_length` share
    the last position, and distances are clipped to `max_length - 1`.

    Args:
        num_blocks: Blocks of attention and feed-forward network.
        num_heads: Heads of the attention, a divisor of `dim`.
        hidden_factor: Width of the hidden layer of the feed-forward network, divided by `dim`.
        activation: Activation of that layer.
        dropout: Rate on the inputs, the attention weights and the outputs of attention and
            feed-forward network.
        max_length: Rows of the table P; D covers distances below it, in both directions.
        causal: A step attends to itself and earlier steps; False attends to all steps.
        gated: Per-channel SiLU gate on the attention output.

    Call arguments:
        vectors: Item vectors.
        mask: True at real steps.
        all_steps: Return the state at every step instead of the last real one. Without `causal` a
            state depends on all steps, including its own: use it to predict masked items.

    Input shape:
        `vectors` `(batch, length, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`; with `all_steps` `(batch, length, dim)`, zeros at padding.

    Raises:
        InputError: for a wrong argument, or `num_heads` that does not divide `dim`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import TransformerUserEncoder
    >>> vectors, mask = np.ones((2, 5, 4)), np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "bool")
    >>> encoder = TransformerUserEncoder(num_heads=2, max_length=5)
    >>> encoder(vectors, mask).shape, encoder(vectors, mask, all_steps=True).shape
    (TensorShape([2, 4]), TensorShape([2, 5, 4]))

    Reference:
        Vaswani et al., Attention is all you need, NeurIPS 2017. Pre-normalization: Xiong et al., On
        layer normalization in the Transformer architecture, ICML 2020. D: Raffel et al., Exploring
        the limits of transfer learning with a unified text-to-text transformer, JMLR 2020, here
        without buckets. Gate: Zhai et al., Actions speak louder than words: trillion-parameter
        sequential transducers for generative recommendations, ICML 2024.
    """

    def __init__(
        self,
        num_blocks=2,
        num_heads=1,
        hidden_factor=1,
        activation="relu",
        dropout=0.0,
        max_length=50,
        causal=True,
        gated=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, value in (
            ("num_blocks", num_blocks),
            ("num_heads", num_heads),
            ("hidden_factor", hidden_factor),
            ("max_length", max_length),
        ):
            if int(value) != value or value < 1:
                raise InputError(f"{name}: expected a whole number from 1, received {value!r}")
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.hidden_factor = hidden_factor
        self.activation = activation
        self.dropout = dropout
        self.max_length = max_length
        self.causal = causal
        self.gated = gated
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True

    def build(self, input_shape):
        dim, policy = input_shape[-1], self.dtype_policy
        if dim % self.num_heads:
            raise InputError(
                f"num_heads: expected a divisor of {dim}, the length of the vectors, received "
                f"{self.num_heads}"
            )
        self.positions = self.add_weight(
            shape=(self.max_length, dim),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            name="positions",
        )
        self.input_dropout = keras.layers.Dropout(self.dropout, dtype=policy)
        options = {
            "hidden_dim": self.hidden_factor * dim,
            "activation": self.activation,
            "dropout": self.dropout,
            "max_distance": self.max_length - 1,
            "gated": self.gated,
        }
        self.blocks = [
            _Block(self.num_heads, **options, dtype=policy) for _ in range(self.num_blocks)
        ]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy)
        for layer in (*self.blocks, self.norm):
            layer.build((None, None, dim))

    def call(self, vectors, mask, all_steps=False):
        mask = ops.cast(mask, "bool")
        position = ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1
        position = ops.clip(position, 0, self.max_length - 1)
        x = self.input_dropout(vectors + ops.take(self.positions, position, axis=0))
        attention_mask = self._attention_mask(mask)
        for block in self.blocks:
            x = block(x, attention_mask)
        if all_steps:
            return ops.where(mask[..., None], self.norm(x), 0.0)
        x = self.norm(last_real_step(x, mask))
        return ops.where(ops.any(mask, axis=1, keepdims=True), x, 0.0)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_spec(self, vectors, mask, all_steps=False):
        shape = vectors.shape if all_steps else (vectors.shape[0], vectors.shape[-1])
        return keras.KerasTensor(shape, self.compute_dtype)

    def _attention_mask(self, mask):
        """The additive attention mask of all blocks: -1e9 at masked steps, else 0."""
        visible = mask[:, None, :]
        if self.causal:
            steps = ops.arange(ops.shape(mask)[1])
            visible = ops.logical_and(visible, steps[:, None] >= steps)
        # Finite: a step without a visible step gets a mean instead of NaN.
        return ops.cast(ops.where(visible, 0.0, MASKED), "float32")[:, None]


class _Block(keras.layers.Layer):
    def __init__(self, num_heads, hidden_dim, activation, dropout, max_distance, gated, **kwargs):
        # The additive mask is below the smallest float16.
        super().__init__(autocast=False, **kwargs)
        self.num_heads = num_heads
        self.hidden_dim = hidden_dim
        self.activation = activation
        self.dropout = dropout
        self.max_distance = max_distance
        self.gated = gated

    def build(self, input_shape):
        dim, policy = input_shape[-1], self.dtype_policy
        self.distances = self.add_weight(
            shape=(self.num_heads, 2 * self.max_distance + 1), initializer="zeros", name="distances"
        )
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy)
        self.query_key_value = keras.layers.Dense(3 * dim, dtype=policy, name="query_key_value")
        self.out = keras.layers.Dense(dim, dtype=policy, name="out")
        self.hidden_norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy)
        self.widen = keras.layers.Dense(
            self.hidden_dim, self.activation, dtype=policy, name="widen"
        )
        self.narrow = keras.layers.Dense(dim, dtype=policy, name="narrow")
        layers = [self.norm, self.query_key_value, self.out, self.hidden_norm, self.widen]
        if self.gated:
            self.gate = keras.layers.Dense(dim, "silu", dtype=policy, name="gate")
            layers.append(self.gate)
        for layer in layers:
            layer.build(input_shape)
        self.narrow.build((*input_shape[:-1], self.hidden_dim))
        self.dropouts = [keras.layers.Dropout(self.dropout, dtype=policy) for _ in range(3)]

    def call(self, x, attention_mask):
        x = x + self.dropouts[0](self.out(self._attend(self.norm(x), attention_mask)))
        return x + self.dropouts[1](self.narrow(self.widen(self.hidden_norm(x))))

    def _attend(self, x, attention_mask):
        batch, length, dim = *ops.shape(x)[:2], x.shape[-1]
        head_dim = dim // self.num_heads
        heads = ops.reshape(self.query_key_value(x), (batch, length, 3, self.num_heads, head_dim))
        query, key, value = ops.unstack(ops.transpose(heads, (2, 0, 3, 1, 4)), 3, axis=0)
        logits = ops.matmul(query * head_dim**-0.5, ops.swapaxes(key, -1, -2))
        steps = ops.arange(length)
        distance = ops.clip(steps[:, None] - steps, -self.max_distance, self.max_distance)
        bias = ops.take(self.distances, distance + self.max_distance, axis=1)
        bias = attention_mask + ops.cast(bias, "float32")
        weights = ops.softmax(ops.cast(logits, "float32") + bias)
        weights = self.dropouts[2](ops.cast(weights, self.compute_dtype))
        context = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        context = ops.reshape(context, (batch, length, dim))
        return context * self.gate(x) if self.gated else context
