"""The dot products of all pairs of fields."""

import keras
import numpy as np
from keras import ops

from kerasrec.register import register


@register
class DotInteractions(keras.layers.Layer):
    """Lists the dot products of all pairs of field vectors.

        y = [<v_1, v_0>, <v_2, v_0>, <v_2, v_1>, <v_3, v_0>, ...]

    These are the entries below the diagonal of V V^T, row after row.

    Call arguments:
        vectors: Field vectors v. The number of fields is static.

    Input shape:
        `(batch, fields, dim)`.

    Output shape:
        `(batch, fields * (fields - 1) / 2)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import DotInteractions
    >>> DotInteractions()(np.array([[[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]])).numpy().tolist()
    [[11.0, 2.0, 4.0]]

    Reference:
        Naumov et al., Deep learning recommendation model for personalization and recommendation
        systems, arXiv:1906.00091, 2019.
    """

    def call(self, vectors):
        fields = vectors.shape[1]
        products = ops.matmul(vectors, ops.swapaxes(vectors, 1, 2))
        row, column = np.tril_indices(fields, k=-1)
        products = ops.reshape(products, (-1, fields * fields))
        return ops.take(products, (row * fields + column).astype("int32"), axis=1)
