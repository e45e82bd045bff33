"""Approximate search: items in buckets, of which only the most promising are looked at."""

import math

import numpy as np
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.export.search.best_rows import best_of, in_groups, struck_out
from kerasrec.export.search.choose_probes import check_recall, choose_probes
from kerasrec.export.search.exact_index import ExactIndex
from kerasrec.export.search.k_means import k_means
from kerasrec.models.top_k import NEVER

MOST_BUCKETS = 2**14
# Numbers of vectors that are looked at at once: 16 MiB, which a processor's cache holds.
NUMBERS_AT_ONCE = 2**22


class IVFIndex(tf.Module):
    """An inverted file: row numbers in buckets made by k-means, beside an `ExactIndex`.

    Buckets are cut into pages of one size. A query looks at the `probes` pages that promise most:
    of a bucket of n items what its best would score if the scores were normally distributed,

        <q, mean> + |q| spread sqrt(2 log(n) / dim),

    where the spread is the root of the mean square distance from the mean.

    Excluded items that lie in those pages are left out before the best are chosen. The exact index
    answers where the measured recall says nothing: a query of which more than k excluded items lie
    in the pages or fewer than k answers are left, a search for more than `k` items or with a
    `scale`. Answers with equal scores are in the order of their rows.

    `build` makes one; its arguments are those of this class but for what it finds out:

    Args:
        exact: The `ExactIndex` of the catalogue.
        bucket_of: `(items,)` int, the bucket of each row from 2 on.
        page: Rows in a page.
        k: The most items of an answer.
    """

    def __init__(self, exact, bucket_of, page, k):
        super().__init__()
        self.exact, self.page, self.k, self.dim = exact, page, k, exact.dim
        self.probes, self.measured = 1, {}
        order = np.argsort(bucket_of, kind="stable")
        _, starts, sizes = np.unique(bucket_of[order], return_index=True, return_counts=True)
        pages = -(-sizes // page)
        # Buckets without a gap, and places: the first page of the bucket, times its size, and on.
        bucket = np.repeat(np.arange(len(sizes)), sizes)
        places = np.zeros(exact.num_rows, "int32")
        first = (np.cumsum(pages) - pages) * page - starts
        places[order + FIRST] = first[bucket] + np.arange(len(order))
        rows = np.full(pages.sum() * page, PADDING, "int32")
        rows[places[FIRST:]] = np.arange(FIRST, exact.num_rows)
        vectors = exact.stored()[FIRST:]
        squares = np.add.reduceat(np.einsum("nd,nd->n", vectors, vectors)[order], starts) / sizes
        means = np.add.reduceat(vectors[order], starts, axis=0) / sizes[:, None]
        spread = np.sqrt(np.maximum(squares - np.square(means).sum(axis=1), 0))
        most = spread * np.sqrt(2 * np.log(sizes) / self.dim)
        promises = np.concatenate([means, most[:, None]], axis=1)
        self.promises = tf.Variable(promises.astype("float32"), trainable=False)
        buckets = np.repeat(np.arange(len(pages), dtype="int32"), pages)
        self.bucket_of_page = tf.Variable(buckets, trainable=False)
        self.rows_of_page = tf.Variable(rows.reshape(-1, page), trainable=False)
        self.place_of_row = tf.Variable(places, trainable=False)

    @classmethod
    def build(cls, vectors, queries, recall=0.95, k=100, storage="float32", seed=0):
        """Makes the buckets and looks at as few pages as the recall allows, see `choose_probes`.

        Args:
            vectors: `(rows, dim)` float32, the whole catalogue, see `ExactIndex`.
            queries: `(n, dim)` float32, such as the index will be asked; at least 20.
            recall: Share of the exact k best that must be found, mean over queries.
            k: The most items of an answer.
            storage: See `ExactIndex`.
            seed: Of k-means and of what the queries are used for.

        Raises:
            InputError: for a recall that is not between 0 and 1, too few queries, or a recall for
                which more than an eighth of the pages would be looked at.
        """
        check_recall(recall, queries)
        num_items = len(vectors) - FIRST
        exact = ExactIndex(vectors, storage)
        # The more buckets, the fewer vectors are looked at, and the longer k-means takes.
        count = min(num_items, round(8 * math.sqrt(num_items)), MOST_BUCKETS)
        page = 2 ** max(3, round(math.log2(num_items / count / 2)))
        bucket_of = k_means(exact.stored()[FIRST:], count, seed)
        index = cls(exact, bucket_of, page, k)
        choose_probes(index, queries, recall, seed)
        return index

    def search(self, queries, k, exclude, scale=None):
        """As of `ExactIndex`, but some of the best may be missing."""
        if scale is not None or k > self.k:
            return self.exact.search(queries, k, exclude, scale)
        rows, scores = in_groups(
            lambda *part: self._answered(*part, k), (queries, exclude), k, self._queries_at_once
        )
        return {"rows": rows, "scores": scores}

    def looked_up(self, queries, k, exclude):
        """As `search` without the exact index: what is measured."""
        rows, scores = in_groups(
            lambda *part: self._looked_up(*part, k)[:2],
            (queries, exclude),
            k,
            self._queries_at_once,
        )
        return {"rows": rows, "scores": scores}

    def page_ranks(self, queries, rows):
        """How many pages are looked at before that of each row, ints of the shape of `rows`."""
        promised = self._promised(queries)
        # In the order in which `top_k` takes them.
        _, pages = tf.math.top_k(promised, promised.shape[1])
        ranks = tf.argsort(pages, axis=1)
        page = tf.gather(self.place_of_row, rows) // self.page
        return tf.gather(ranks, page, batch_dims=1).numpy()

    def each(self, queries, rows):
        """As of `ExactIndex`."""
        return self.exact.each(queries, rows)

    def take(self, rows):
        """As of `ExactIndex`."""
        return self.exact.take(rows)

    def stored(self):
        """As of `ExactIndex`."""
        return self.exact.stored()

    def about(self):
        """What the metadata of an export says of it: what was measured above all."""
        buckets, pages = self.promises.shape[0], self.rows_of_page.shape[0]
        own = {"kind": "ivf", "buckets": buckets, "pages": pages, "page": self.page}
        return {**self.exact.about(), **own, "probes": self.probes, **self.measured}

    @property
    def _queries_at_once(self):
        return max(1, NUMBERS_AT_ONCE // (self.probes * self.page * self.dim))

    def _answered(self, queries, exclude, k):
        found, values, seen = self._looked_up(queries, exclude, k)
        unsure = tf.where((seen > self.k) | (values[:, -1] == NEVER))
        asked = [tf.gather(x, unsure[:, 0]) for x in (queries, exclude)]
        exact = self.exact.search(asked[0], k, asked[1])
        return (
            tf.tensor_scatter_nd_update(found, unsure, exact["rows"]),
            tf.tensor_scatter_nd_update(values, unsure, exact["scores"]),
        )

    def _looked_up(self, queries, exclude, k):
        """Rows, scores, and how many of the excluded are in the pages."""
        promised = self._promised(queries)
        pages = tf.sort(tf.math.top_k(promised, self.probes).indices, axis=1)
        rows = tf.gather(self.rows_of_page, pages)
        rows = tf.reshape(rows, [-1, self.probes * self.page])
        scores = tf.where(rows < FIRST, NEVER, self.exact.each(queries, rows))
        columns, inside = self._columns(pages, exclude)
        found, values = best_of(rows, struck_out(scores, columns, inside), k)
        order = tf.argsort(found, axis=1)
        by_row = [tf.gather(x, order, batch_dims=1) for x in (found, values)]
        return *best_of(*by_row, k), tf.reduce_sum(tf.cast(inside, tf.int32), axis=1)

    def _promised(self, queries):
        """What each page promises to each query, `(batch, pages)`."""
        sizes = tf.norm(queries, axis=1, keepdims=True)
        asked = tf.concat([queries, sizes], axis=1)
        promised = tf.matmul(asked, self.promises, transpose_b=True)
        return tf.gather(promised, self.bucket_of_page, axis=1)

    def _columns(self, pages, rows):
        """Where among the items of the pages each row is, and whether it is there at all."""
        rows = tf.pad(rows, [[0, 0], [0, 1]])  # `searchsorted` wants one
        places = tf.gather(self.place_of_row, rows)
        number = tf.minimum(tf.searchsorted(pages, places // self.page), self.probes - 1)
        inside = tf.gather(pages, number, batch_dims=1) == places // self.page
        return number * self.page + places % self.page, inside & (rows >= FIRST)
