"""Scores a query vector and an item vector by their dot product."""

from keras import ops


class DotScorer:
    """Scores by `<q, v>`, in float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers.dot_scorer import DotScorer
    >>> DotScorer().score_all(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])).numpy()
    array([[11., 17.]], dtype=float32)
    """

    def score_pairs(self, queries, vectors):
        """Scores query i `(n, dim)` with vector i `(n, dim)`: `(n,)`."""
        return ops.sum(ops.cast(queries, "float32") * ops.cast(vectors, "float32"), axis=-1)

    def score_all(self, queries, vectors):
        """Scores every query `(n, dim)` with every vector `(m, dim)`: `(n, m)`."""
        return ops.cast(ops.matmul(queries, ops.transpose(vectors)), "float32")
