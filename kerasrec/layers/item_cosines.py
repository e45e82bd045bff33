"""Cosines between the candidates of a query, by their vectors or by the values of a category."""

from keras import ops

from kerasrec.layers.embedding_table import UNKNOWN


class ItemCosines:
    """The cosine of every candidate of a query with one of them.

        cos(i, j) = <v_i, v_j> / (|v_i| |v_j|)

    Values of a category are vectors of zeros and ones: with one value an item the cosine is 1 for
    equal values and 0 for others. The cosine with a vector of zeros, or an item without a known
    value, is 0.

    Args:
        features: `(batch, n, dim)` float vectors, or `(batch, n)` or `(batch, n, length)` int rows
            of values, without repetitions; 0 is padding and 1 an unknown value.

    Example:

    >>> cosines = ItemCosines(ops.array([[[2.0, 0.0], [3.0, 4.0]]]))
    >>> ops.convert_to_numpy(cosines.to(ops.array([[True, False]]))).round(2)
    array([[1. , 0.6]], dtype=float32)
    """

    def __init__(self, features):
        features = ops.convert_to_tensor(features)
        self._of_values = "int" in str(features.dtype)
        if self._of_values:
            self._values = values_of(features)
            known = ops.cast(self._values > UNKNOWN, "float32")
            self._inverse_sizes = _inverse_root(ops.sum(known, axis=2))
        else:
            vectors = ops.cast(features, "float32")
            squares = ops.sum(ops.square(vectors), axis=2)
            self._units = vectors * _inverse_root(squares)[..., None]
            self._directions = ops.transpose(self._units, (0, 2, 1))

    def to(self, chosen):
        """Cosines `(batch, n)` with the one candidate of each query that `chosen` marks.

        `chosen` is bool `(batch, n)`. A product with zeros and a one is exact, and takes fewer
        operations than a gather.
        """
        if self._of_values:
            common = ops.sum(ops.cast(shared(self._values, chosen), "float32"), axis=2)
            own = ops.sum(ops.where(chosen, self._inverse_sizes, 0.0), axis=1, keepdims=True)
            # The product of two square roots is not exactly the number under them.
            return ops.minimum(common * self._inverse_sizes * own, 1.0)
        one = ops.matmul(ops.cast(chosen, "float32")[:, None], self._units)
        return ops.matmul(one, self._directions)[:, 0]


def values_of(rows):
    """Rows of values `(batch, n)` or `(batch, n, length)`, as `(batch, n, length)` int32."""
    rows = ops.cast(rows, "int32")
    return rows[..., None] if len(rows.shape) == 2 else rows


def shared(values, chosen):
    """Bool `(batch, n, length)`: which values the chosen candidate, `(batch, n)` bool, has too."""
    own = ops.sum(ops.where(chosen[..., None], values, 0), axis=1)
    if values.shape[2] == 1:
        found = ops.equal(values, own[:, None])
    else:
        found = ops.any(ops.equal(values[..., None], own[:, None, None]), axis=3)
    return ops.logical_and(found, values > UNKNOWN)


def _inverse_root(x):
    """1 / sqrt(x), 0 for 0."""
    return ops.where(x > 0, ops.rsqrt(ops.where(x > 0, x, 1.0)), 0.0)
