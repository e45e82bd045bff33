"""Approximate search: items are in buckets, and only the most promising buckets are scanned."""

import math

import numpy as np
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.export.lists import as_lists, owners, take
from kerasrec.export.search.choose_probes import check_recall, choose_probes
from kerasrec.export.search.exact_index import ExactIndex
from kerasrec.export.search.k_means import k_means
from kerasrec.export.search.top_columns import map_groups, mask_columns, top_candidates
from kerasrec.models.top_k import NEVER

MAX_BUCKETS = 2**14
# Vector elements scanned at a time: 16 MiB fit a CPU cache.
MAX_FLOATS = 2**22


class IVFIndex(tf.Module):
    """Inverted file index (IVF): rows in buckets from k-means, on top of an `ExactIndex`.

    Buckets are cut into pages of equal size. A query scans the `probes` pages whose bucket has the
    largest expected best score. For a bucket of n items with normally distributed scores it is

        <q, mean> + |q| spread sqrt(2 log(n) / dim),

    where the spread is the root mean square distance from the mean.

    Excluded items are masked before the best are chosen. The exact index answers whatever the
    recall was not measured for: a query with more than k excluded items in its pages or fewer than
    k answers left, a search for more than `k` items, and a search with a `scale`. Ties go to the
    smaller row.

    Use `build` to construct one from vectors.

    Args:
        exact: The `ExactIndex` of the catalogue.
        bucket_of: `(items,)` int, the bucket of each row from 2 on.
        page: Number of rows in a page.
        k: Maximum number of items in an answer.
    """

    def __init__(self, exact, bucket_of, page, k):
        super().__init__()
        self.exact, self.page, self.k, self.dim = exact, page, k, exact.dim
        self.probes, self.measurement = 1, {}
        order = np.argsort(bucket_of, kind="stable")
        _, starts, sizes = np.unique(bucket_of[order], return_index=True, return_counts=True)
        pages = -(-sizes // page)
        # Buckets are renumbered without gaps. Each bucket starts at a new page; the place of a row
        # is its position in the concatenated pages.
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
        bounds = np.concatenate([means, most[:, None]], axis=1)
        self.bucket_bounds = tf.Variable(bounds.astype("float32"), trainable=False)
        buckets = np.repeat(np.arange(len(pages), dtype="int32"), pages)
        self.bucket_of_page = tf.Variable(buckets, trainable=False)
        self.rows_of_page = tf.Variable(rows.reshape(-1, page), trainable=False)
        self.place_of_row = tf.Variable(places, trainable=False)

    @classmethod
    def build(cls, vectors, queries, recall=0.95, k=100, storage="float32", seed=0):
        """Builds the buckets and scans as few pages as the recall allows, see `choose_probes`.

        Args:
            vectors: `(rows, dim)` float32, the whole catalogue, see `ExactIndex`.
            queries: `(n, dim)` float32, at least 20, distributed as the queries in production.
            recall: Share of the exact k best that must be found, mean over queries.
            k: Maximum number of items in an answer.
            storage: See `ExactIndex`.
            seed: Seed of k-means and of the split of the queries.

        Raises:
            InputError: for a recall that is not between 0 and 1, too few queries, or a recall that
                needs a scan of more than an eighth of the pages.
        """
        check_recall(recall, queries)
        num_items = len(vectors) - FIRST
        exact = ExactIndex(vectors, storage)
        # More buckets mean fewer scanned vectors, and a longer k-means.
        count = min(num_items, round(8 * math.sqrt(num_items)), MAX_BUCKETS)
        page = 2 ** max(3, round(math.log2(num_items / count / 2)))
        bucket_of = k_means(exact.stored()[FIRST:], count, seed)
        index = cls(exact, bucket_of, page, k)
        choose_probes(index, queries, recall, seed)
        return index

    def search(self, queries, k, exclude, scale=None):
        """As `ExactIndex.search`, but a few of the best items may be missing."""
        if scale is not None or k > self.k:
            return self.exact.search(queries, k, exclude, scale)
        rows, scores = map_groups(
            lambda *part: self._search(*part, k), (queries, as_lists(exclude)), k, self._group
        )
        return {"rows": rows, "scores": scores}

    def search_pages(self, queries, k, exclude):
        """As `search`, but never falls back to the exact index; its recall is measured."""
        rows, scores = map_groups(
            lambda *part: self._search_pages(*part, k)[:2],
            (queries, as_lists(exclude)),
            k,
            self._group,
        )
        return {"rows": rows, "scores": scores}

    def page_ranks(self, queries, rows):
        """Number of pages scanned before the page of each row, ints of the shape of `rows`."""
        bounds = self._page_bounds(queries)
        # `top_k` also breaks ties as the search does.
        _, pages = tf.math.top_k(bounds, bounds.shape[1])
        ranks = tf.argsort(pages, axis=1)
        page = tf.gather(self.place_of_row, rows) // self.page
        return tf.gather(ranks, page, batch_dims=1).numpy()

    def score_rows(self, queries, rows):
        """As `ExactIndex.score_rows`."""
        return self.exact.score_rows(queries, rows)

    def take(self, rows):
        """As `ExactIndex.take`."""
        return self.exact.take(rows)

    def stored(self):
        """As `ExactIndex.stored`."""
        return self.exact.stored()

    def metadata(self):
        """The entry `index` of `kerasrec.json`, with the measured recall."""
        buckets, pages = self.bucket_bounds.shape[0], self.rows_of_page.shape[0]
        own = {"kind": "ivf", "buckets": buckets, "pages": pages, "page": self.page}
        return {**self.exact.metadata(), **own, "probes": self.probes, **self.measurement}

    @property
    def _group(self):
        return max(1, MAX_FLOATS // (self.probes * self.page * self.dim))

    def _search(self, queries, exclude, k):
        rows, scores, num_excluded = self._search_pages(queries, exclude, k)
        fallback = tf.where((num_excluded > self.k) | (scores[:, -1] == NEVER))
        queries, exclude = tf.gather(queries, fallback[:, 0]), take(exclude, fallback[:, 0])
        exact = self.exact.search(queries, k, exclude)
        return (
            tf.tensor_scatter_nd_update(rows, fallback, exact["rows"]),
            tf.tensor_scatter_nd_update(scores, fallback, exact["scores"]),
        )

    def _search_pages(self, queries, exclude, k):
        """Rows, scores, and the number of excluded items in the scanned pages."""
        bounds = self._page_bounds(queries)
        pages = tf.sort(tf.math.top_k(bounds, self.probes).indices, axis=1)
        rows = tf.gather(self.rows_of_page, pages)
        rows = tf.reshape(rows, [-1, self.probes * self.page])
        scores = tf.where(rows < FIRST, NEVER, self.exact.score_rows(queries, rows))
        queried = owners(exclude)
        columns, inside = self._columns(pages, queried, exclude.values)
        scores = mask_columns(scores, queried, columns, inside)
        found, values = top_candidates(rows, scores, k)
        # Sorted by row first, so that ties go to the smaller row.
        order = tf.argsort(found, axis=1)
        by_row = [tf.gather(x, order, batch_dims=1) for x in (found, values)]
        inside = tf.cast(inside, tf.int32)
        counts = tf.math.unsorted_segment_sum(inside, queried, tf.shape(queries)[0])
        return *top_candidates(*by_row, k), counts

    def _page_bounds(self, queries):
        """Expected best score of each query in each page's bucket, `(batch, pages)`."""
        norms = tf.norm(queries, axis=1, keepdims=True)
        extended = tf.concat([queries, norms], axis=1)
        bounds = tf.matmul(extended, self.bucket_bounds, transpose_b=True)
        return tf.gather(bounds, self.bucket_of_page, axis=1)

    def _columns(self, pages, queried, rows):
        """The column of each row among the items of its query's pages, and whether it is there.

        Args:
            pages: `(batch, probes)`, ascending.
            queried, rows: `(n,)`, the number of the query and the item row.
        """
        # The pages of all queries ascend if each query's numbers come after those before it.
        stride = tf.constant(self.rows_of_page.shape[0], tf.int64)
        first = tf.range(tf.shape(pages)[0], dtype=tf.int64) * stride
        places = tf.gather(self.place_of_row, rows)
        wanted = tf.cast(queried, tf.int64) * stride + tf.cast(places // self.page, tf.int64)
        flat = tf.reshape(tf.cast(pages, tf.int64) + first[:, None], [-1])
        number = tf.searchsorted(flat, wanted)
        inside = tf.gather(tf.pad(flat, [[0, 1]], constant_values=-1), number) == wanted
        number -= queried * self.probes
        return number * self.page + places % self.page, inside & (rows >= FIRST)
