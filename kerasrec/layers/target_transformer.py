"""Encodes a history and a target item by a transformer over both."""

import keras
from keras import ops

from kerasrec.layers.transformer_user_encoder import TransformerUserEncoder
from kerasrec.register import register


@register
class TargetTransformer(keras.layers.Layer):
    """The state of a target item after a transformer over the history and the target.

        y = TransformerUserEncoder([v_1, ..., v_n, t]), without a causal mask, at the last step

    The target stands right after the last real step, wherever the padding is. Behavior sequence
    transformer passes the states of all steps in a row to its MLP. Then each place of a history has
    weights of its own, so that all histories must have the same length. Here only the state of the
    target is returned: it has attended to all steps, and does not depend on the padding. A history
    without a real step gives the state of the target alone.

    The blocks are those of `TransformerUserEncoder`: normalization before attention and
    feed-forward network, not after, and trained positions and distances instead of the seconds
    before the target. For these add a `StepContext` to the vectors.

    Args:
        num_blocks, num_heads, hidden_factor, activation, dropout: See `TransformerUserEncoder`.
        max_length: Longest history with a position for each step; later steps share the last.

    Call arguments:
        history: Item vectors v.
        target: Vector t of the target item.
        mask: True at real steps.

    Input shape:
        `history` `(batch, length, dim)`, `target` `(batch, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for a wrong argument, or `num_heads` that does not divide `dim`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import TargetTransformer
    >>> history, target, mask = np.ones((2, 3, 4)), np.ones((2, 4)), np.ones((2, 3), "bool")
    >>> TargetTransformer(num_heads=2)(history, target, mask).shape
    TensorShape([2, 4])

    Reference:
        Chen et al., Behavior sequence transformer for e-commerce recommendation in Alibaba,
        DLP-KDD 2019.
    """

    def __init__(
        self,
        num_blocks=1,
        num_heads=1,
        hidden_factor=1,
        activation="leaky_relu",
        dropout=0.0,
        max_length=50,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.hidden_factor = hidden_factor
        self.activation = activation
        self.dropout = dropout
        self.max_length = max_length
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True
        self.encoder = TransformerUserEncoder(
            num_blocks,
            num_heads,
            hidden_factor,
            activation,
            dropout,
            max_length=max_length + 1,  # and the target
            causal=False,
            dtype=self.dtype_policy,
        )

    def build(self, history_shape, target_shape, mask_shape=None):
        self.encoder.build(history_shape)

    def call(self, history, target, mask):
        mask = ops.pad(ops.cast(mask, "bool"), [[0, 0], [0, 1]])
        # `arange` needs a known length, which a functional graph does not have.
        steps = ops.cumsum(ops.ones_like(mask, dtype="int32"), axis=1)
        # Without `initial` Keras refuses an empty batch in eager mode.
        last = ops.max(ops.where(mask, steps, 0), axis=1, keepdims=True, initial=0)
        at_target = ops.equal(steps, last + 1)
        history = ops.pad(history, [[0, 0], [0, 1], [0, 0]])
        vectors = ops.where(at_target[..., None], target[:, None], history)
        return self.encoder(vectors, ops.logical_or(mask, at_target))

    def compute_output_shape(self, history_shape, target_shape, mask_shape=None):
        return history_shape[0], history_shape[-1]

    def compute_mask(self, inputs, previous_mask=None):
        return None
