"""The pairwise term of a factorization machine."""

import keras
from keras import ops

from kerasrec.register import register


@register
class PairwiseProducts(keras.layers.Layer):
    """Sums the dot products of all pairs of field vectors.

        y = sum over i < j of <v_i, v_j> = 1/2 (|sum_i v_i|^2 - sum_i |v_i|^2)

    The right side takes time in proportion to the number of fields, not to its square.

    Call arguments:
        vectors: Field vectors v.

    Input shape:
        `(batch, fields, dim)`.

    Output shape:
        `(batch,)`; float32 under any dtype policy, because y is a difference of squares.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import PairwiseProducts
    >>> PairwiseProducts()(np.array([[[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]])).numpy().tolist()
    [17.0]

    Reference:
        Rendle, Factorization machines, ICDM 2010.
    """

    def call(self, vectors):
        vectors = ops.cast(vectors, "float32")
        square_of_sum = ops.square(ops.sum(vectors, axis=1))
        sum_of_squares = ops.sum(ops.square(vectors), axis=1)
        return 0.5 * ops.sum(square_of_sum - sum_of_squares, axis=-1)
