"""Encodes the picture of an item as a vector, by convolutions."""

import keras
from keras import ops

from kerasrec.register import register


@register
class Conv2DItemEncoder(keras.layers.Layer):
    """Encodes the picture of an item by convolutions, each of which halves height and width.

        x_0 = pixels / 127.5 - 1
        x_n = max pooling 2 x 2 of relu(Conv_3x3(x_{n-1}))      for each number of filters
        v   = W (mean of the last x over height and width) + b

    The pixels of a picture are from 1 to 255. Where all of them are 0 there is no picture, and v
    is a learned vector of its own.

    Args:
        dim: Length of the vector.
        filters: Number of filters of each convolution.

    Call arguments:
        pixels: `(..., size, size, 3)`, uint8 or another type; size at least 2 ** len(filters).

    Output shape:
        `(..., dim)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import Conv2DItemEncoder
    >>> pictures = np.full((2, 16, 16, 3), 200, "uint8")
    >>> Conv2DItemEncoder(8)(pictures).shape
    TensorShape([2, 8])

    Reference:
        LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition,
        1998; Lin, Chen, Yan, Network in network, ICLR 2014 (the mean over height and width).
    """

    def __init__(self, dim, filters=(16, 32, 64), **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.filters = filters
        policy = {"dtype": self.dtype_policy}
        self.convolutions = [
            keras.layers.Conv2D(
                n, 3, padding="same", activation="relu", data_format="channels_last", **policy
            )
            for n in filters
        ]
        self.pooling = keras.layers.MaxPooling2D(data_format="channels_last", **policy)
        self.output_layer = keras.layers.Dense(dim, **policy)

    def build(self, input_shape=None):
        channels = 3
        for convolution, number in zip(self.convolutions, self.filters, strict=True):
            convolution.build((None, None, None, channels))
            channels = number
        self.output_layer.build((None, channels))
        self.missing = self.add_weight(shape=(self.dim,), initializer="zeros", name="missing")

    def call(self, pixels):
        *batch, height, width, channels = ops.shape(pixels)
        flat = ops.reshape(pixels, (-1, height, width, channels))
        x = ops.cast(flat, self.compute_dtype)
        is_real = ops.max(x, axis=(1, 2, 3)) > 0
        x = x / 127.5 - 1.0
        for convolution in self.convolutions:
            x = self.pooling(convolution(x))
        vector = self.output_layer(ops.mean(x, axis=(1, 2)))
        missing = ops.cast(self.missing, self.compute_dtype)
        vector = ops.where(is_real[:, None], vector, missing)
        return ops.reshape(vector, (*batch, self.dim))

    def compute_output_spec(self, pixels):
        return keras.KerasTensor((*pixels.shape[:-3], self.dim), self.compute_dtype)
