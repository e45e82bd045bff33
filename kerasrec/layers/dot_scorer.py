"""The score of a query vector with an item vector: their dot product."""

from keras import ops


class DotScorer:
    """Scores by `<q, v>`, in float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers.dot_scorer import DotScorer
    >>> DotScorer().every(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])).numpy()
    array([[11., 17.]], dtype=float32)
    """

    def each(self, queries, vectors):
        """Each query `(n, dim)` with its own vector `(n, dim)`: `(n,)`."""
        return ops.sum(ops.cast(queries, "float32") * ops.cast(vectors, "float32"), axis=-1)

    def every(self, queries, vectors):
        """Every query `(n, dim)` with every vector `(m, dim)`: `(n, m)`."""
        return ops.cast(ops.matmul(queries, ops.transpose(vectors)), "float32")
