"""Where `Reranked` takes its candidates from in an export: the search of an index."""

import tensorflow as tf

from kerasrec.export.lists import from_pairs
from kerasrec.export.search.whitelist import search_allowed


class IndexPool:
    """The best items of an index for n queries; the methods are those of `ModelPool`.

    Args:
        index: `ExactIndex` or `IVFIndex`.
        queries: `(n, dim)` float32.
    """

    def __init__(self, index, queries):
        self.index, self.queries = index, queries

    def best(self, number, exclude, allow):
        if isinstance(exclude, tuple):
            exclude = from_pairs(*exclude, tf.shape(self.queries)[0])
        return search_allowed(self.index, self.queries, number, exclude, allow)

    def vectors(self, rows):
        return self.index.take(rows)

    def scores(self, rows):
        return self.index.score_rows(self.queries, rows)
