"""Encodes a history as a vector, or as one vector a step, by causal convolutions."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.last_step import last_real_step
from kerasrec.register import register


@register
class CausalConvUserEncoder(keras.layers.Layer):
    """Residual blocks of dilated causal convolutions over the items of a history.

        conv_r(x)_t = b + sum over k < K of W_k x_(t - r k)                    x_t = 0 for t < 1
        block_d(x)  = x + relu(LN(conv_2d(relu(LN(conv_d(x))))))
        h           = block_dn(... block_d1(v))

    The state of a step depends on that step and the `reach - 1` steps before it. All steps are
    computed in parallel. Padding is zero at every layer, so the result does not depend on the side
    of the padding. A history without a real step gives zeros. Each convolution concatenates K
    shifted copies of its input and multiplies them by one matrix.

    Args:
        dilations: d of each block; the second convolution of a block has dilation 2 d.
        kernel_size: K.
        dropout: Rate on the inputs.

    Call arguments:
        vectors: Item vectors.
        mask: True at real steps.
        all_steps: Return the state after every step instead of the last real one.

    Input shape:
        `vectors` `(batch, length, dim)`, `mask` `(batch, length)`.

    Output shape:
        `(batch, dim)`; with `all_steps` `(batch, length, dim)`, zeros at padding.

    Attributes:
        reach: Length of the receptive field in steps: `1 + 3 (K - 1) sum(dilations)`.

    Raises:
        InputError: for a dilation below 1 or a kernel size below 2.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers.causal_conv_user_encoder import CausalConvUserEncoder
    >>> vectors, mask = np.ones((2, 5, 4)), np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "bool")
    >>> encoder = CausalConvUserEncoder(dilations=(1, 4))
    >>> encoder(vectors, mask).shape, encoder(vectors, mask, all_steps=True).shape, encoder.reach
    (TensorShape([2, 4]), TensorShape([2, 5, 4]), 31)

    Reference:
        Yuan et al., A simple convolutional generative network for next item recommendation, WSDM
        2019, figure 3 (b).
    """

    def __init__(self, dilations=(1, 4), kernel_size=3, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        if not len(dilations) or min(dilations) < 1:
            raise InputError(f"dilations: expected whole numbers from 1, received {dilations!r}")
        if kernel_size < 2:
            raise InputError(f"kernel_size: expected at least 2, received {kernel_size}")
        self.dilations = dilations
        self.kernel_size = kernel_size
        self.dropout = dropout
        self.reach = 1 + 3 * (kernel_size - 1) * sum(dilations)
        # Downstream layers get no mask, see compute_mask.
        self.supports_masking = True

    def build(self, input_shape):
        policy, dim = {"dtype": self.dtype_policy}, input_shape[-1]
        self.input_dropout = keras.layers.Dropout(self.dropout, **policy)
        self.kernels, self.norms = [], []
        for _ in range(2 * len(self.dilations)):
            self.kernels.append(keras.layers.Dense(dim, **policy))
            self.kernels[-1].build((*input_shape[:-1], self.kernel_size * dim))
            self.norms.append(keras.layers.LayerNormalization(**policy))
            self.norms[-1].build(input_shape)

    def call(self, vectors, mask, all_steps=False):
        mask = ops.cast(mask, "bool")
        real = ops.cast(mask, self.compute_dtype)[..., None]
        states = self.input_dropout(vectors) * real
        layers = list(zip(self.kernels, self.norms, strict=True))
        for block, dilation in enumerate(self.dilations):
            residual = states
            for rate, (kernel, norm) in zip(
                (dilation, 2 * dilation), layers[2 * block : 2 * block + 2], strict=True
            ):
                residual = ops.relu(norm(kernel(self._shifted(residual, rate)))) * real
            states = states + residual
        if all_steps:
            return states
        return last_real_step(states, mask)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def _shifted(self, states, rate):
        """Each step and those `rate`, 2 `rate`, ... before it: `(batch, length, K dim)`."""
        shifts = [rate * k for k in range(1, self.kernel_size)]
        copies = [ops.pad(states, [[0, 0], [shift, 0], [0, 0]])[:, :-shift] for shift in shifts]
        return ops.concatenate([states, *copies], axis=-1)
