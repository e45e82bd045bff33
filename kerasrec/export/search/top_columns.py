"""Top-k over many scores with bounded memory, in stock TensorFlow operations."""

import tensorflow as tf

from kerasrec.data.vocabulary import PADDING
from kerasrec.models.top_k import NEVER

BLOCK = 64
# Scores or vector elements held in memory at a time: 256 MiB.
MAX_FLOATS = 2**26


def top_columns(scores, k, columns):
    """The k largest of each row of `scores`, ties to the smaller column.

    The k best lie in the k blocks of 64 columns with the largest maxima (the earlier block on a
    tie). Only those blocks are sorted; all other scores are read once.

    Args:
        scores: `(batch, any)` float32, any a multiple of 64.
        k: An int; may exceed the number of columns.
        columns: Approximate number of columns; few columns are sorted without blocks.

    Returns:
        `(batch, k)` int32 columns and their scores, best first; padded with 0 and -inf.

    >>> columns, scores = top_columns(tf.constant([[1.0, 7.0, 7.0] + [0.0] * 61]), 2, 64)
    >>> columns.numpy().tolist(), scores.numpy().tolist()
    ([[1, 2]], [[7.0, 7.0]])
    """
    batch = tf.shape(scores)[0]
    if columns < 4 * k * BLOCK:  # blocks would save little
        return _pad_to_k(*_top(scores, k), k)
    blocks = tf.reshape(scores, [batch, -1, BLOCK])
    chosen, _ = _top(tf.reduce_max(blocks, axis=2), k)
    # In column order, so that ties below go to the smaller column.
    chosen = tf.sort(chosen, axis=1)
    left = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), [batch, tf.shape(chosen)[1] * BLOCK])
    places, values = _top(left, k)
    best = tf.gather(chosen, places // BLOCK, batch_dims=1) * BLOCK + places % BLOCK
    return _pad_to_k(best, values, k)


def top_candidates(rows, scores, k):
    """The k best of the candidate `rows` `(batch, any)`; ties go to the left."""
    places, values = _top(scores, k)
    return _pad_to_k(tf.gather(rows, places, batch_dims=1), values, k)


def mask_columns(scores, owners, columns, valid):
    """Sets some scores to -inf.

    TensorFlow updates `scores` in place if no other operation reads it, so memory is not doubled.

    Args:
        scores: `(batch, any)` float32.
        owners, columns: `(n,)` int32, the rows and the columns of the scores to mask.
        valid: `(n,)` bool: which of them to mask; the other columns may be any number.

    >>> mask_columns(tf.constant([[1.0, 2.0]]), [0, 0], [7, 1], [False, True]).numpy()
    array([[  1., -inf]], dtype=float32)
    """
    # For columns that are not valid: the minimum of a score and infinity is the score.
    index = tf.stack([owners, tf.where(valid, columns, 0)], axis=1)
    return tf.tensor_scatter_nd_min(scores, index, tf.where(valid, NEVER, -NEVER))


def map_groups(search, inputs, k, group):
    """Computes `search(*inputs)` for at most `group` queries at a time, to bound memory.

    Args:
        search: Function of a part of each input to rows int32 and scores float32, `(part, k)`.
        inputs: Tensors, or lists, with the same first dimension; it may be 0.
        k: Number of answers of a query.
        group: An int or a scalar tensor.
    """
    batch = tf.shape(inputs[0])[0]

    def step(start, rows, scores):
        answer = search(*(x[start : start + group] for x in inputs))
        return start + group, tf.concat([rows, answer[0]], 0), tf.concat([scores, answer[1]], 0)

    return tf.while_loop(
        lambda start, *_: start < batch,
        step,
        (0, tf.zeros([0, k], tf.int32), tf.zeros([0, k])),
        shape_invariants=(tf.TensorShape([]), *[tf.TensorShape([None, k])] * 2),
        parallel_iterations=1,
    )[1:]


def _top(scores, k):
    columns = scores.shape[1]
    known = columns is not None and columns >= k
    values, places = tf.math.top_k(scores, k if known else tf.minimum(k, tf.shape(scores)[1]))
    return places, values


def _pad_to_k(rows, scores, k):
    if scores.shape[1] != k:
        missing = [[0, 0], [0, k - tf.shape(scores)[1]]]
        scores = tf.pad(scores, missing, constant_values=NEVER)
        rows = tf.pad(rows, missing)
    rows = tf.where(scores == NEVER, PADDING, rows)
    return tf.ensure_shape(rows, [None, k]), tf.ensure_shape(scores, [None, k])
