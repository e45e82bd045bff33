"""Kernel ridge regression from vectors to vectors."""

import keras
import numpy as np
import scipy.linalg
from keras import ops

from kerasrec.register import register


@register
class KernelRegression(keras.layers.Layer):
    """Maps vectors to vectors by ridge regression with a polynomial kernel.

        f(x)    = sum over points j of k(x, x_j) a_j
        k(x, z) = <x, z> + square <x, z>^2
        A       = (K + ridge I)^-1 Y,   K = k of all pairs of points

    The square reads pairs of features, such as a genre in a decade. `solve` computes A; `fit` does
    not change it.

    Args:
        num_points: Largest number of points.
        input_dim: Length of x.
        dim: Length of f(x).
        ridge: Ridge penalty.
        square: Weight of the squared dot product; 0 for a linear map.

    Input shape:
        `(n, input_dim)`.

    Output shape:
        `(n, dim)` float32.

    Example:

    >>> import numpy as np
    >>> layer = KernelRegression(2, input_dim=1, dim=1, ridge=1.0, square=0.0)
    >>> layer.solve(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]))
    >>> layer(np.array([[3.0]], "float32")).numpy().round(4).tolist()  # 3 (1 + 4) / (1 + 4 + 1)
    [[2.5]]

    Reference:
        Saunders, Gammerman, Vovk, Ridge regression learning algorithm in dual variables, ICML 1998.
    """

    def __init__(self, num_points, input_dim, dim, ridge=0.4, square=0.1, **kwargs):
        super().__init__(**kwargs)
        self.num_points = num_points
        self.input_dim = input_dim
        self.dim = dim
        self.ridge = ridge
        self.square = square
        fixed = {"initializer": "zeros", "trainable": False, "autocast": False, "dtype": "float32"}
        self.points = self.add_weight((num_points, input_dim), name="points", **fixed)
        self.coefficients = self.add_weight((num_points, dim), name="coefficients", **fixed)
        self.built = True

    def solve(self, points, targets):
        """Fits the map to at most `num_points` points `(m, input_dim)` and targets `(m, dim)`."""
        points, targets = (np.asarray(each, "float64") for each in (points, targets))
        system = self._kernel(points @ points.T)
        system[np.diag_indices(len(points))] += self.ridge
        coefficients = scipy.linalg.solve(system, targets, assume_a="pos")
        left = ((0, self.num_points - len(points)), (0, 0))
        self.points.assign(np.pad(points, left))
        # A point without a value has a coefficient of 0, so its kernel does not matter.
        self.coefficients.assign(np.pad(coefficients, left))

    def call(self, x):
        products = ops.matmul(ops.cast(x, "float32"), ops.transpose(self.points))
        return ops.matmul(self._kernel(products), self.coefficients)

    def _kernel(self, products):
        return products + self.square * products * products

    def compute_output_spec(self, x):
        return keras.KerasTensor((x.shape[0], self.dim), "float32")
