"""Search among items that a request names: exact, however few they are."""

import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.export.search.best_rows import NUMBERS_AT_ONCE, best_of, in_groups
from kerasrec.models.top_k import NEVER


def search_allowed(index, queries, k, exclude, allow, scale=None):
    """The k best rows of each query, of those with a whitelist only rows on it.

    The items of a whitelist are scored one by one, so that nothing depends on how `index` finds
    items among all. Only queries without a whitelist search the index, and only those with one pay
    for it.

    Args:
        index: `ExactIndex` or `IVFIndex`.
        queries: `(batch, dim)` float32.
        k: An int; there may be fewer items.
        exclude: `(batch, any)` int32 rows that must not be returned; 0 is padding.
        allow: `(batch, any)` int32 rows, 0 is padding. Only padding is no whitelist; a list of
            unknown items alone (row 1) allows nothing.
        scale: `(rows,)` float32, what the scores of each row are multiplied with.

    Returns:
        As of `index.search`: a row on a whitelist twice is answered once, ties go to the smaller
        row.

    Example:

    >>> from kerasrec.export.search.exact_index import ExactIndex
    >>> index = ExactIndex(tf.constant([[9.0], [9.0], [1.0], [3.0], [2.0]]).numpy())
    >>> queries, exclude, allow = tf.ones([2, 1]), tf.zeros([2, 0], "int32"), [[2, 4, 2], [0, 0, 0]]
    >>> found = search_allowed(index, queries, 3, exclude, tf.constant(allow))
    >>> found["rows"].numpy().tolist()
    [[4, 2, 0], [3, 4, 2]]
    """
    limited = tf.reduce_any(allow != PADDING, axis=1)
    every, some = (tf.where(chosen)[:, 0] for chosen in (~limited, limited))
    of_all = index.search(tf.gather(queries, every), k, tf.gather(exclude, every), scale)
    inputs = [tf.gather(x, some) for x in (queries, exclude, allow)]
    group = tf.maximum(1, NUMBERS_AT_ONCE // tf.maximum(1, tf.shape(allow)[1] * index.dim))
    of_some = in_groups(lambda *part: _listed(index, *part, k, scale), inputs, k, group)
    places = [tf.cast(every, tf.int32), tf.cast(some, tf.int32)]
    return {
        name: tf.ensure_shape(tf.dynamic_stitch(places, [of_all[name], listed]), [None, k])
        for name, listed in zip(("rows", "scores"), of_some, strict=True)
    }


def _listed(index, queries, exclude, allow, k, scale):
    # In the order of the rows: the same stand side by side, and ties go to the smaller. At least
    # one, which `searchsorted` wants.
    allow = tf.sort(tf.pad(allow, [[0, 0], [0, 1]]), axis=1)
    again = tf.pad(allow[:, 1:] == allow[:, :-1], [[0, 0], [1, 0]])
    barred = (allow < FIRST) | again | _among(allow, exclude)
    scores = index.each(queries, allow)
    if scale is not None:
        scores *= tf.gather(scale, allow)
    scores = tf.where(barred, NEVER, scores)
    return best_of(allow, scores, k)


def _among(rows, others):
    """Bools of the shape of `rows` `(batch, n)`: whether a row is one of `others` `(batch, m)`."""
    others = tf.sort(tf.pad(others, [[0, 0], [0, 1]]), axis=1)
    places = tf.minimum(tf.searchsorted(others, rows), tf.shape(others)[1] - 1)
    return tf.gather(others, places, batch_dims=1) == rows
