"""Exact search of a catalogue of vectors, inside the served graph."""

import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.export.lists import as_lists, owners
from kerasrec.export.search.top_columns import (
    BLOCK,
    MAX_FLOATS,
    map_groups,
    mask_columns,
    top_candidates,
    top_columns,
)
from kerasrec.models.top_k import NEVER

STORAGES = ("float32", "bfloat16")
MAX_ROWS = 2**20
# Elements of a bfloat16 table that are widened to float32 at a time: 16 MiB fit a CPU cache.
MAX_WIDENED = 2**22
# TensorFlow multiplies a matrix by one query on one core. So a large table is cut into parts, which
# run at the same time. For fewer rows the start of the parts costs what they save.
PARTS, MIN_ROWS_TO_CUT = 3, 2**18


class ExactIndex(tf.Module):
    """Exact top-k search by dot product: every score is computed.

    The catalogue is read sequentially; at batch size 1 the memory bandwidth is the bound. The k
    best are found by the maxima of blocks, see `top_columns`. At most 2^26 scores are in memory,
    for any batch and catalogue.

    Args:
        vectors: `(rows, dim)` float32, the whole catalogue. Rows 0 (padding) and 1 (unknown) are
            never returned.
        storage: "float32", or "bfloat16" for half the memory: the vectors are rounded once, and
            the scores are float32 dot products of the rounded vectors (`stored()`).

    Raises:
        InputError: for any other storage.

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
        """Finds the k best rows of each query, ties to the smaller row.

        Args:
            queries: `(batch, dim)` float32.
            k: An int; may exceed the number of items.
            exclude: `(batch, any)` int32 rows that must not be returned, 0 is padding; or lists.
            scale: `(rows,)` float32 factor of each row's scores, or None.

        Returns:
            A dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, best first;
            padded with row 0 and -inf.
        """
        group = max(1, MAX_FLOATS // self._chunk_rows)
        rows, scores = map_groups(
            lambda *part: self._scan(*part, k, scale), (queries, as_lists(exclude)), k, group
        )
        return {"rows": rows, "scores": scores}

    def score_rows(self, queries, rows):
        """Scores `(batch, m)` of each query `(batch, dim)` with its own `rows` `(batch, m)`."""
        return tf.linalg.matvec(self.take(rows), queries)

    def take(self, rows):
        """Gathers the vectors of `rows`, `rows.shape + (dim,)` float32."""
        return tf.cast(tf.gather(self.table.read_value(), rows), tf.float32)

    def stored(self):
        """All vectors `(rows, dim)`, rounded to the storage, as a float32 array."""
        return tf.cast(self.table[: self.num_rows], tf.float32).numpy()

    def metadata(self):
        """The entry `index` of `kerasrec.json`."""
        return {"kind": "exact", "rows": self.num_rows, "dim": self.dim, "storage": self.storage}

    @property
    def _chunk_rows(self):
        most = MAX_ROWS if self.storage == "float32" else MAX_WIDENED // self.dim
        blocks = self.table.shape[0] // BLOCK
        chunks = -(-blocks // max(1, most // BLOCK))
        return -(-blocks // chunks) * BLOCK

    @property
    def _part_rows(self):
        step, end = self._chunk_rows, self.table.shape[0]
        size = -(-step // (PARTS * BLOCK)) * BLOCK
        last_chunk = (end - 1) % step + 1
        # No part of the last chunk, which may be shorter, is empty.
        return size if step >= MIN_ROWS_TO_CUT and last_chunk > (PARTS - 1) * size else step

    def _scan(self, queries, exclude, k, scale):
        table, step = self.table.read_value(), self._chunk_rows
        batch, end = tf.shape(queries)[0], table.shape[0]
        if scale is not None:
            scale = tf.pad(scale, [[0, end - self.num_rows]])
        never = [*range(FIRST), *range(self.num_rows, end)]
        queried = [owners(exclude), tf.range(batch * len(never)) // len(never)]
        exclude = tf.concat(queried, 0), tf.concat([exclude.values, tf.tile(never, [batch])], 0)
        if step == end:
            return self._best(queries, table, 0, *exclude, k, scale)

        def scan_chunk(start, rows, scores):
            chunk = tf.ensure_shape(table[start : start + step], [None, self.dim])
            chunk_scale = None if scale is None else scale[start : start + step]
            found, values = self._best(queries, chunk, start, *exclude, k, chunk_scale)
            # Earlier rows are smaller and stand to the left, so ties go to them.
            rows, scores = tf.concat([rows, found], 1), tf.concat([scores, values], 1)
            return start + step, *top_candidates(rows, scores, k)

        none = tf.zeros([batch, k], tf.int32), tf.fill([batch, k], NEVER)
        return tf.while_loop(
            lambda start, *_: start < end,
            scan_chunk,
            (0, *none),
            shape_invariants=(tf.TensorShape([]), *[tf.TensorShape([None, k])] * 2),
            parallel_iterations=1,
        )[1:]

    def _best(self, queries, chunk, start, queried, exclude, k, scale):
        """The k best of the rows from `start` on, which are `chunk`."""
        rows, size, found = self._chunk_rows, self._part_rows, []
        for first in range(0, rows, size):
            part = chunk if size == rows else chunk[first : first + size]
            scores = tf.matmul(queries, tf.cast(part, tf.float32), transpose_b=True)
            if scale is not None:
                scores *= scale[first : first + size]
            columns = exclude - (start + first)
            inside = (columns >= 0) & (columns < tf.shape(part)[0])
            scores = mask_columns(scores, queried, columns, inside)
            columns, values = top_columns(scores, k, size)
            found.append((tf.where(values == NEVER, PADDING, columns + start + first), values))
        if len(found) == 1:
            return found[0]
        return top_candidates(*(tf.concat(each, 1) for each in zip(*found, strict=True)), k)
