"""Search restricted to the whitelist of a request, always exact."""

import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.export.lists import as_lists, owners, take
from kerasrec.export.search.top_columns import MAX_FLOATS, map_groups, top_candidates
from kerasrec.models.top_k import NEVER


def search_allowed(index, queries, k, exclude, allow, scale=None):
    """Finds the k best rows of each query; a query with a whitelist gets only rows on it.

    Every item of a whitelist is scored, so the result is exact with any index. Queries without a
    whitelist search the index. Neither group pays for the other.

    Args:
        index: `ExactIndex` or `IVFIndex`.
        queries: `(batch, dim)` float32.
        k: An int; may exceed the number of items.
        exclude: `(batch, any)` int32 rows that must not be returned, 0 is padding; or lists.
        allow: `(batch, any)` int32 rows, 0 is padding. A row of padding only is no whitelist; a
            list of unknown items only (row 1) allows nothing.
        scale: `(rows,)` float32 factor of each row's scores, or None.

    Returns:
        A dict of `rows` and `scores` as of `index.search`. A row that is listed twice is returned
        once; ties go to the smaller row.

    Example:

    >>> from kerasrec.export.search.exact_index import ExactIndex
    >>> index = ExactIndex(tf.constant([[9.0], [9.0], [1.0], [3.0], [2.0]]).numpy())
    >>> queries, exclude, allow = tf.ones([2, 1]), tf.zeros([2, 0], "int32"), [[2, 4, 2], [0, 0, 0]]
    >>> found = search_allowed(index, queries, 3, exclude, tf.constant(allow))
    >>> found["rows"].numpy().tolist()
    [[4, 2, 0], [3, 4, 2]]
    """
    has_list = tf.reduce_any(allow != PADDING, axis=1)
    unlisted, listed = (tf.where(chosen)[:, 0] for chosen in (~has_list, has_list))
    exclude = as_lists(exclude)
    index_answer = index.search(tf.gather(queries, unlisted), k, take(exclude, unlisted), scale)
    inputs = [tf.gather(queries, listed), take(exclude, listed), tf.gather(allow, listed)]
    group = tf.maximum(1, MAX_FLOATS // tf.maximum(1, tf.shape(allow)[1] * index.dim))
    list_answer = map_groups(lambda *part: _search_lists(index, *part, k, scale), inputs, k, group)
    places = [tf.cast(unlisted, tf.int32), tf.cast(listed, tf.int32)]
    return {
        name: tf.ensure_shape(tf.dynamic_stitch(places, [index_answer[name], column]), [None, k])
        for name, column in zip(("rows", "scores"), list_answer, strict=True)
    }


def _search_lists(index, queries, exclude, allow, k, scale):
    # Sorted by row: duplicates are adjacent, and ties go to the smaller row. One entry of padding
    # is added, since `searchsorted` needs at least one.
    allow = tf.sort(tf.pad(allow, [[0, 0], [0, 1]]), axis=1)
    duplicate = tf.pad(allow[:, 1:] == allow[:, :-1], [[0, 0], [1, 0]])
    masked = (allow < FIRST) | duplicate | _is_in(allow, exclude)
    scores = index.score_rows(queries, allow)
    if scale is not None:
        scores *= tf.gather(scale, allow)
    scores = tf.where(masked, NEVER, scores)
    return top_candidates(allow, scores, k)


def _is_in(rows, others):
    """Bools `(batch, n)`: whether each of `rows` is in its list of `others`."""
    stride = tf.constant(2**32, tf.int64)
    first = tf.range(tf.shape(rows)[0], dtype=tf.int64)[:, None] * stride
    wanted = tf.reshape(first + tf.cast(rows, tf.int64), [-1])
    others = tf.cast(owners(others), tf.int64) * stride + tf.cast(others.values, tf.int64)
    others = tf.pad(tf.sort(others), [[0, 1]], constant_values=-1)
    places = tf.searchsorted(others[:-1], wanted)
    return tf.reshape(tf.gather(others, places) == wanted, tf.shape(rows))
