"""Exact search of a whole catalogue of vectors, inside the graph that is served."""

import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.export.search.best_rows import (
    BLOCK,
    NUMBERS_AT_ONCE,
    best_columns,
    best_of,
    in_groups,
    struck_out,
)
from kerasrec.models.top_k import NEVER

STORAGES = ("float32", "bfloat16")
ROWS_AT_ONCE = 2**20
# Of a bfloat16 table so many numbers are float32 at once: 16 MiB, which a processor's cache holds.
WIDENED_AT_ONCE = 2**22


class ExactIndex(tf.Module):
    """All items by their dot product with a query: every score is computed, none is missed.

    A catalogue is read from front to back, which at a batch of 1 takes as long as its bytes take.
    Of the scores the maxima of blocks are compared first, see `best_columns`. Some 2^26 scores are
    held at once, whatever the batch and the catalogue.

    Args:
        vectors: `(rows, dim)` float32, the whole catalogue. Rows 0 (padding) and 1 (unknown) are
            never returned.
        storage: "float32", or "bfloat16" for half the memory: the vectors are rounded once and
            the dot products are those of `stored()`, in float32.

    Raises:
        InputError: for another storage.

    Example:

    >>> index = ExactIndex(tf.constant([[9.0], [9.0], [1.0], [3.0], [2.0]]).numpy())
    >>> index.search(tf.constant([[1.0]]), 2, exclude=tf.constant([[3]]))["rows"].numpy().tolist()
    [[4, 2]]
    """

    def __init__(self, vectors, storage="float32"):
        super().__init__()
        if storage not in STORAGES:
            raise InputError(f"storage must be one of {', '.join(STORAGES)}: got {storage!r}")
        self.num_rows, self.dim = vectors.shape
        self.storage = storage
        vectors = tf.pad(tf.cast(vectors, storage), [[0, -self.num_rows % BLOCK], [0, 0]])
        self.table = tf.Variable(vectors, trainable=False, name="vectors")

    def search(self, queries, k, exclude, scale=None):
        """The k best rows of each query, ties to the smaller row.

        Args:
            queries: `(batch, dim)` float32.
            k: An int; there may be fewer items.
            exclude: `(batch, any)` int32 rows that must not be returned; 0 is padding.
            scale: `(rows,)` float32, what the scores of each row are multiplied with.

        Returns:
            A dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, best first; row
            0 and -inf where there are fewer.
        """
        group = max(1, NUMBERS_AT_ONCE // self._rows_at_once)
        rows, scores = in_groups(
            lambda *part: self._scanned(*part, k, scale), (queries, exclude), k, group
        )
        return {"rows": rows, "scores": scores}

    def each(self, queries, rows):
        """Scores `(batch, m)` of each query `(batch, dim)` with rows of its own `(batch, m)`."""
        return tf.linalg.matvec(self.take(rows), queries)

    def take(self, rows):
        """Vectors `rows.shape + (dim,)` in float32."""
        return tf.cast(tf.gather(self.table.read_value(), rows), tf.float32)

    def stored(self):
        """The vectors `(rows, dim)` as they are stored, in float32."""
        return tf.cast(self.table[: self.num_rows], tf.float32).numpy()

    def about(self):
        """What the metadata of an export says of it."""
        return {"kind": "exact", "rows": self.num_rows, "dim": self.dim, "storage": self.storage}

    @property
    def _rows_at_once(self):
        most = ROWS_AT_ONCE if self.storage == "float32" else WIDENED_AT_ONCE // self.dim
        return min(max(BLOCK, most // BLOCK * BLOCK), self.table.shape[0])

    def _scanned(self, queries, exclude, k, scale):
        table, step = self.table.read_value(), self._rows_at_once
        batch, end = tf.shape(queries)[0], table.shape[0]
        if scale is not None:
            scale = tf.pad(scale, [[0, end - self.num_rows]])
        never = tf.constant([[*range(FIRST), *range(self.num_rows, end)]], tf.int32)
        exclude = tf.concat([exclude, tf.repeat(never, batch, axis=0)], axis=1)
        if step == end:
            return self._best(queries, table, exclude, k, scale)

        def turn(start, rows, scores):
            part = table[start : start + step]
            own = None if scale is None else scale[start : start + step]
            found, values = self._best(queries, part, exclude - start, k, own)
            found = tf.where(values == NEVER, PADDING, found + start)
            # Rows found before are smaller, and stand to the left.
            rows, scores = tf.concat([rows, found], 1), tf.concat([scores, values], 1)
            return start + step, *best_of(rows, scores, k)

        none = tf.zeros([batch, k], tf.int32), tf.fill([batch, k], NEVER)
        return tf.while_loop(
            lambda start, *_: start < end,
            turn,
            (0, *none),
            shape_invariants=(tf.TensorShape([]), *[tf.TensorShape([None, k])] * 2),
            parallel_iterations=1,
        )[1:]

    def _best(self, queries, part, exclude, k, scale):
        scores = tf.matmul(queries, tf.cast(part, tf.float32), transpose_b=True)
        if scale is not None:
            scores *= scale
        # What lies in another part of the catalogue is not meant.
        inside = (exclude >= 0) & (exclude < tf.shape(part)[0])
        scores = struck_out(scores, exclude, inside)
        return best_columns(scores, k, self._rows_at_once)
