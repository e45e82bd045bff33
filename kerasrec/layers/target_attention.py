"""Pools a history by the relevance of each step to a target item."""

import keras
from keras import ops

from kerasrec.layers.candidates import MASKED
from kerasrec.layers.dense_stack import DenseStack
from kerasrec.layers.state_attention import TINY
from kerasrec.register import register


@register
class TargetAttention(keras.layers.Layer):
    """Pools a history by the relevance of each step to a target item.

        y   = sum over real s of a_s h_s
        a_s = <w, MLP([h_s; t; h_s - t; h_s * t])> + b      [softmax over the real s]

    As published, the weights are not normalized: their sum is the strength of the interest in the
    target. They may be negative. Padding does not count in the statistics of the MLP.

    With `units=[1]` and "tanh" the weights contain those of a bilinear attention,
    a_s = tanh(theta^T (h_s * t)): theta is the kernel's part of h * t, w = 1, b = 0.

    Args:
        units: Widths of the hidden layers of the MLP.
        activation: Their activation, a name of Keras or "dice", see `Dice`.
        softmax: Normalize the weights of a history to a sum of 1.

    Call arguments:
        history: Item vectors h.
        target: Vector t of the target item.
        mask: True at real steps. A history without a real step gives zeros.

    Input shape:
        `history` `(batch, length, dim)`, `target` `(batch, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for a width below 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import TargetAttention
    >>> history, target, mask = np.ones((2, 3, 4)), np.ones((2, 4)), np.ones((2, 3), "bool")
    >>> attention = TargetAttention([8], softmax=True)
    >>> attention(history, target, mask).shape
    TensorShape([2, 4])
    >>> attention.weights_of(history, target, mask).numpy().round(2)
    array([[0.33, 0.33, 0.33],
           [0.33, 0.33, 0.33]], dtype=float32)

    Reference:
        Zhou et al., Deep interest network for click-through rate prediction, KDD 2018.
    """

    def __init__(self, units=(36,), activation="dice", softmax=False, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = activation
        self.softmax = softmax
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True
        self.stack = DenseStack(units, activation, dtype=self.dtype_policy)
        self.score = keras.layers.Dense(1, dtype=self.dtype_policy, name="score")

    def build(self, history_shape, target_shape, mask_shape=None):
        shape = (*history_shape[:-1], 4 * history_shape[-1])
        self.stack.build(shape)
        self.score.build(self.stack.compute_output_shape(shape))

    def call(self, history, target, mask):
        weights = ops.cast(self.weights_of(history, target, mask), history.dtype)
        return ops.matmul(weights[:, None], history)[:, 0]

    def compute_output_shape(self, history_shape, target_shape, mask_shape=None):
        return history_shape[0], history_shape[-1]

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def weights_of(self, history, target, mask):
        """The weights a, `(batch, length)` float32, 0 at padding. The layer must be built."""
        mask = ops.cast(mask, "bool")
        target = ops.zeros_like(history) + target[:, None]
        pair = ops.concatenate([history, target, history - target, history * target], axis=-1)
        scores = ops.cast(self.score(self.stack(pair, mask=mask))[..., 0], "float32")
        if not self.softmax:
            return ops.where(mask, scores, 0.0)
        scores = ops.where(mask, scores, MASKED)
        # Not Keras's softmax, which warns if a history has one step.
        maximum = ops.max(scores, axis=-1, keepdims=True, initial=MASKED)
        mass = ops.where(mask, ops.exp(scores - ops.stop_gradient(maximum)), 0.0)
        return mass / ops.maximum(ops.sum(mass, axis=-1, keepdims=True), TINY)
