"""The k best of many scores, few queries at a time, in stock operations."""

import tensorflow as tf

from kerasrec.data.vocabulary import PADDING
from kerasrec.models.top_k import NEVER

BLOCK = 64
# Scores, or numbers of vectors, that are held at once: 256 MiB.
NUMBERS_AT_ONCE = 2**26


def best_columns(scores, k, columns):
    """The k largest of each row of `scores`, ties to the smaller column.

    The maxima of blocks of 64 columns are compared first. The k best lie in the k blocks of the
    largest maxima, of equal ones in the earlier, so that most scores are read once, never sorted.

    Args:
        scores: `(batch, any)` float32, any a multiple of 64.
        k: How many; may be more than there are.
        columns: About how many columns there are, for the choice of the way.

    Returns:
        `(batch, k)` columns int32 and scores, best first; 0 and -inf where there are fewer.

    >>> columns, scores = best_columns(tf.constant([[1.0, 7.0, 7.0] + [0.0] * 61]), 2, 64)
    >>> columns.numpy().tolist(), scores.numpy().tolist()
    ([[1, 2]], [[7.0, 7.0]])
    """
    batch = tf.shape(scores)[0]
    if columns < 4 * k * BLOCK:  # most blocks would be chosen
        return _filled(*_top(scores, k), k)
    blocks = tf.reshape(scores, [batch, -1, BLOCK])
    chosen, _ = _top(tf.reduce_max(blocks, axis=2), k)
    # In their own order, so that ties go to the smaller column below.
    chosen = tf.sort(chosen, axis=1)
    left = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), [batch, tf.shape(chosen)[1] * BLOCK])
    places, values = _top(left, k)
    found = tf.gather(chosen, places // BLOCK, batch_dims=1) * BLOCK + places % BLOCK
    return _filled(found, values, k)


def best_of(rows, scores, k):
    """The k best of candidates `(batch, any)`; ties to those further to the left."""
    places, values = _top(scores, k)
    return _filled(tf.gather(rows, places, batch_dims=1), values, k)


def struck_out(scores, columns, real):
    """Scores `(batch, any)` that are -inf at some columns of each row.

    What nothing else reads is written where it lies, so that no second tensor of the size of the
    scores is made.

    Args:
        scores: `(batch, any)` float32.
        columns: `(batch, m)` int32.
        real: `(batch, m)` bool, which of the columns are meant; the others may be any number.

    >>> struck_out(tf.constant([[1.0, 2.0]]), tf.constant([[7, 1]]), [[False, True]]).numpy()
    array([[  1., -inf]], dtype=float32)
    """
    owners = tf.repeat(tf.range(tf.shape(columns)[0]), tf.shape(columns)[1])
    # The least of a score and infinity is the score.
    index = tf.stack([owners, tf.reshape(tf.where(real, columns, 0), [-1])], axis=1)
    return tf.tensor_scatter_nd_min(scores, index, tf.reshape(tf.where(real, NEVER, -NEVER), [-1]))


def in_groups(answer, inputs, k, group):
    """`answer(*inputs)` for at most `group` queries at once.

    Args:
        answer: Function of parts of the inputs to rows int32 and scores float32, `(part, k)`.
        inputs: Tensors of one first axis, of any length, 0 as well.
        k: Answers of a query.
        group: An int or a scalar tensor.
    """
    turns = -(-tf.shape(inputs[0])[0] // group)
    # One empty answer more, or there would be nothing to concatenate for no query at all.
    rows, scores = (
        tf.TensorArray(kind, turns + 1, element_shape=[None, k], infer_shape=False).write(
            turns, tf.zeros([0, k], kind)
        )
        for kind in (tf.int32, tf.float32)
    )

    def turn(number, rows, scores):
        found = answer(*(x[number * group : (number + 1) * group] for x in inputs))
        return number + 1, rows.write(number, found[0]), scores.write(number, found[1])

    _, rows, scores = tf.while_loop(
        lambda number, *_: number < turns, turn, (0, rows, scores), parallel_iterations=1
    )
    return rows.concat(), scores.concat()


def _top(scores, k):
    values, places = tf.math.top_k(scores, tf.minimum(k, tf.shape(scores)[1]))
    return places, values


def _filled(rows, scores, k):
    missing = [[0, 0], [0, k - tf.shape(scores)[1]]]
    scores = tf.pad(scores, missing, constant_values=NEVER)
    rows = tf.where(scores == NEVER, PADDING, tf.pad(rows, missing))
    return tf.ensure_shape(rows, [None, k]), tf.ensure_shape(scores, [None, k])
