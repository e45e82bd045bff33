"""The cross layers of a deep and cross network."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class CrossNetwork(keras.layers.Layer):
    """Multiplies the input with a linear map of itself, layer after layer.

        x_(l+1) = x_0 * (W_l x_l + b_l) + x_l

    `*` is the product of numbers at the same place. L layers give products of up to L + 1 inputs.
    W_l x_l is one of:

        W x                                                      full matrix, without `rank`
        U V^T x                                                  with `rank`
        sum_e softmax(G x)_e U_e tanh(C_e tanh(V_e^T x))         with `num_experts` above 1

    Args:
        num_layers: Number of layers.
        rank: Columns of U and V; None for a full matrix. A rank below a half of the width has fewer
            weights than the full matrix.
        num_experts: Low-rank maps in each layer; more than 1 needs `rank`.

    Call arguments:
        x: Vectors, such as all field vectors of an example in a row.

    Input shape:
        `(batch, width)`.

    Output shape:
        `(batch, width)`.

    Raises:
        InputError: for a number below 1, or experts without `rank`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import CrossNetwork
    >>> CrossNetwork(2, rank=3, num_experts=2)(np.ones((5, 8))).shape
    TensorShape([5, 8])

    Reference:
        Wang et al., DCN V2: improved deep and cross network and practical lessons for web-scale
        learning to rank systems, WWW 2021.
    """

    def __init__(self, num_layers=2, rank=None, num_experts=1, **kwargs):
        super().__init__(**kwargs)
        self.num_layers = whole_number(num_layers, "num_layers", 1)
        self.rank = rank if rank is None else whole_number(rank, "rank", 1)
        self.num_experts = whole_number(num_experts, "num_experts", 1)
        if rank is None and num_experts > 1:
            raise InputError(
                f"num_experts={num_experts}: experts are low-rank maps, but rank is None: give a "
                "rank, or num_experts=1"
            )

    def build(self, input_shape):
        width = input_shape[-1]
        self.maps, self.gates, self.biases = [], [], []
        for n in range(self.num_layers):
            if self.rank is None:
                self.maps.append([self.add_weight((width, width), name=f"kernel_{n}")])
            else:
                self.maps.append([
                    self._expert(width, f"{n}_{e}") for e in range(self.num_experts)
                ])  # fmt: skip
            if self.num_experts > 1:
                self.gates.append(self.add_weight((width, self.num_experts), name=f"gate_{n}"))
            self.biases.append(self.add_weight((width,), "zeros", name=f"bias_{n}"))

    def call(self, x):
        first = x
        for n, bias in enumerate(self.biases):
            x = first * (self._mapped(x, n) + bias) + x
        return x

    def compute_output_shape(self, input_shape):
        return input_shape

    def _expert(self, width, place):
        """[V, U] or, with a gate, [V, C, U]."""
        shapes = {"v": (width, self.rank), "c": (self.rank, self.rank), "u": (self.rank, width)}
        if self.num_experts == 1:
            del shapes["c"]
        return [self.add_weight(shape, name=f"{name}_{place}") for name, shape in shapes.items()]

    def _mapped(self, x, n):
        if self.rank is None:
            return ops.matmul(x, self.maps[n][0])
        if self.num_experts == 1:
            v, u = self.maps[n][0]
            return ops.matmul(ops.matmul(x, v), u)
        gate = ops.softmax(ops.cast(ops.matmul(x, self.gates[n]), "float32"))
        gate = ops.cast(gate, x.dtype)
        total = 0.0
        for e, (v, c, u) in enumerate(self.maps[n]):
            hidden = ops.tanh(ops.matmul(ops.tanh(ops.matmul(x, v)), c))
            total = total + gate[:, e : e + 1] * ops.matmul(hidden, u)
        return total
