"""Where `Reranked` takes its candidates from: the ranking of a model."""

import keras
from keras import ops

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.models.row_lists import query_numbers


class ModelPool:
    """The best items of a model for n queries, with their scores and vectors.

    An export that searches an index has the same methods in `IndexPool`.

    Args:
        ranked: An adapted `Recommender`.
        queries, catalog: Its encoded queries and its encoded catalog.
    """

    def __init__(self, ranked, queries, catalog):
        self.ranked, self.queries, self.catalog = ranked, queries, catalog

    def best(self, number, exclude, allow):
        """`rows` and `scores` `(n, number)`, as of `TopK`."""
        return self.ranked.rank_catalog(self.queries, self.catalog, number, exclude, allow)

    def vectors(self, rows):
        """Item vectors `(n, any, dim)` of `rows` `(n, any)`."""
        return ops.take(self.catalog, rows, axis=0)

    def scores(self, rows):
        """Scores `(n, any)` float32 of `rows` `(n, any)`; those of padding mean nothing."""
        owner = ops.reshape(query_numbers(rows), (-1,))
        # A ranker's queries are arrays in Python, which a layer does not take beside tensors.
        queries = keras.tree.map_structure(
            lambda x: ops.take(ops.convert_to_tensor(x), owner, axis=0), self.queries
        )
        flat = ops.reshape(ops.maximum(rows, UNKNOWN), (-1,))
        scores = self.ranked.score_rows(queries, self.catalog, flat)
        return ops.reshape(ops.cast(scores, "float32"), ops.shape(rows))
