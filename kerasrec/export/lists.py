"""Lists of different lengths inside the served graph, one for each query, without padding.

They are `tf.RaggedTensor`s with int32 row splits. Nothing here is as wide as the longest list for
all queries, which `tf.repeat`, `value_rowids` and `tf.concat` of ragged tensors are.
"""

import tensorflow as tf


def as_lists(rows):
    """The lists of a `(batch, any)` tensor, with its padding; lists stay as they are."""
    if isinstance(rows, tf.RaggedTensor):
        return rows
    rows = tf.convert_to_tensor(rows)
    batch, width = tf.shape(rows)[0], tf.shape(rows)[1]
    return _lists(tf.reshape(rows, [-1]), tf.range(batch + 1) * width)


def no_lists(batch, dtype):
    """`batch` empty lists."""
    return _lists(tf.zeros([0], dtype), tf.zeros([batch + 1], tf.int32))


def from_pairs(queries, values, batch):
    """The lists of pairs `(n,)` int32 in any order: the number of a query, and a value.

    >>> from_pairs(tf.constant([1, 0, 1]), tf.constant([5, 6, 7]), 3).to_list()
    [[6], [5, 7], []]
    """
    order = tf.argsort(queries, stable=True)
    splits = tf.searchsorted(tf.gather(queries, order), tf.range(batch + 1))
    return _lists(tf.gather(values, order), splits)


def ranges(starts, limits):
    """The integers from each start up to its limit."""
    places = tf.ragged.range(starts, limits)
    return _lists(places.values, tf.cast(places.row_splits, tf.int32))


def owners(lists):
    """The number of the query of each value, int32."""
    places = tf.range(lists.row_splits[-1])
    return tf.searchsorted(lists.row_splits[1:], places, side="right")


def take(lists, queries):
    """The lists of some queries.

    >>> take(as_lists([[1, 2], [3, 4]]), tf.constant([1, 1])).to_list()
    [[3, 4], [3, 4]]
    """
    splits = lists.row_splits
    places = ranges(tf.gather(splits, queries), tf.gather(splits[1:], queries))
    return places.with_values(tf.gather(lists.values, places.values))


def joined(left, right):
    """Each list of `left`, followed by that of `right`.

    >>> joined(as_lists([[1], [2]]), as_lists([[3, 4], [5, 6]])).to_list()
    [[1, 3, 4], [2, 5, 6]]
    """
    # What lies before a value: all earlier ones of its side, and of the other side those of
    # earlier queries, or for the right side those of its own query too.
    before_left = tf.gather(right.row_splits, owners(left))
    before_right = tf.gather(left.row_splits[1:], owners(right))
    places = [tf.range(left.row_splits[-1]) + before_left]
    places.append(tf.range(right.row_splits[-1]) + before_right)
    values = tf.dynamic_stitch(places, [left.values, right.values])
    return _lists(values, left.row_splits + right.row_splits)


def chosen(lists, mask):
    """The values where `mask`, one bool for each value, is true.

    >>> chosen(as_lists([[1, 2], [3, 4]]), [False, True, True, True]).to_list()
    [[2], [3, 4]]
    """
    before = tf.cumsum(tf.pad(tf.cast(mask, tf.int32), [[1, 0]]))
    values = tf.gather(lists.values, tf.where(mask)[:, 0])
    return _lists(values, tf.gather(before, lists.row_splits))


def last(lists, length):
    """The last `length` values of each list, `(batch, width)`, padded on the right with 0.

    The width is that of the longest, from 1 to `length`: an encoder needs a step.

    >>> last(as_lists([[1, 2, 3], [4, 5, 6]]), 2).numpy().tolist()
    [[2, 3], [5, 6]]
    """
    limits = lists.row_splits[1:]
    kept = tf.minimum(limits - lists.row_splits[:-1], length)
    steps = tf.range(tf.maximum(tf.reduce_max(kept, axis=0), 1))
    real = steps < kept[:, None]
    # One value of padding, so that an empty tensor can be read at place 0 too.
    values = tf.pad(lists.values, [[0, 1]])
    found = tf.gather(values, tf.where(real, (limits - kept)[:, None] + steps, 0))
    return tf.where(real, found, tf.zeros((), found.dtype))


def first(lists, length):
    """The first `length` values of each list, `(batch, length)`, padded on the right with 0.

    >>> first(as_lists([[1, 2, 3], [4, 5, 6]]), 2).numpy().tolist()
    [[1, 2], [4, 5]]
    """
    starts = lists.row_splits[:-1]
    steps = tf.range(length)
    real = steps < (lists.row_splits[1:] - starts)[:, None]
    values = tf.pad(lists.values, [[0, 1]])
    found = tf.gather(values, tf.where(real, starts[:, None] + steps, 0))
    return tf.where(real, found, tf.zeros((), found.dtype))


def _lists(values, splits):
    return tf.RaggedTensor.from_row_splits(values, splits, validate=False)
