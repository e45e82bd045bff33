"""The activation of the deep interest network."""

import keras
from keras import ops

from kerasrec.register import register


@register
class Dice(keras.layers.Layer):
    """A PReLU that switches at the mean of the batch instead of 0.

        y = p x + (1 - p) alpha x,   p = sigmoid((x - mean) / sqrt(variance + 1e-8))

    alpha is trained for each channel and starts at 0. Mean and variance of each channel are those
    of the batch in training and moving averages otherwise, as in batch normalization.

    Call arguments:
        x: Values before the activation.
        mask: True at real steps; padding does not count in mean and variance. None counts all.

    Input shape:
        `x` `(batch, ..., channels)`, `mask` `(batch, ...)`.

    Output shape:
        The shape of `x`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import Dice
    >>> Dice()(np.array([[0.0, np.log(3)]])).numpy().round(2)  # 3/4 log 3
    array([[0.  , 0.82]], dtype=float32)

    Reference:
        Zhou et al., Deep interest network for click-through rate prediction, KDD 2018.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        # Variances overflow float16.
        self.norm = keras.layers.BatchNormalization(
            center=False, scale=False, epsilon=1e-8, dtype="float32"
        )

    def build(self, input_shape):
        self.alpha = self.add_weight((input_shape[-1],), "zeros", name="alpha")
        self.norm.build(input_shape)

    def call(self, x, mask=None):
        on = ops.cast(ops.sigmoid(self.norm(x, mask=mask)), x.dtype)
        return x * (on + self.alpha * (1.0 - on))

    def compute_output_shape(self, x_shape, mask_shape=None):
        return tuple(x_shape)
