"""The score of two streams by a bilinear form."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class BilinearFusion(keras.layers.Layer):
    """Scores two vectors by a linear term of each and a bilinear term of both.

        y = b + <w_1, x> + <w_2, z> + sum over heads of x_h^T W_h z_h

    x_h and z_h are parts of equal length of x and z. So k heads have 1/k of the weights of a single
    one.

    Args:
        num_heads: Heads, a divisor of the lengths of both vectors.

    Call arguments:
        first: x.
        second: z.

    Input shape:
        `(batch, a)` and `(batch, b)`.

    Output shape:
        `(batch,)`; float32 under any dtype policy.

    Raises:
        InputError: for `num_heads` below 1 or not a divisor.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import BilinearFusion
    >>> BilinearFusion(2)(np.ones((5, 8)), np.ones((5, 4))).shape
    TensorShape([5])

    Reference:
        Mao et al., FinalMLP: an enhanced two-stream MLP model for CTR prediction, AAAI 2023.
    """

    def __init__(self, num_heads=1, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = whole_number(num_heads, "num_heads", 1)

    def build(self, first_shape, second_shape):
        for width in (first_shape[-1], second_shape[-1]):
            if width % self.num_heads:
                raise InputError(
                    f"num_heads: expected a divisor of {width}, the length of a vector, received "
                    f"{self.num_heads}"
                )
        first, second = first_shape[-1], second_shape[-1]
        self.bias = self.add_weight((), "zeros", name="bias")
        self.first_kernel = self.add_weight((first, 1), name="first_kernel")
        self.second_kernel = self.add_weight((second, 1), name="second_kernel")
        self.heads = self.add_weight(
            (self.num_heads, first // self.num_heads, second // self.num_heads), name="heads"
        )

    def call(self, first, second):
        linear = ops.matmul(first, self.first_kernel) + ops.matmul(second, self.second_kernel)
        x = ops.reshape(first, (-1, self.num_heads, first.shape[-1] // self.num_heads))
        mapped = ops.reshape(ops.einsum("nhi,hij->nhj", x, self.heads), (-1, second.shape[-1]))
        products = ops.cast(mapped, "float32") * ops.cast(second, "float32")
        bias = ops.cast(self.bias, "float32")
        return bias + ops.cast(linear[:, 0], "float32") + ops.sum(products, axis=-1)

    def compute_output_spec(self, first, second):
        return keras.KerasTensor(first.shape[:1], "float32")
