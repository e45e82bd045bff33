"""What a request says beside a history must fit it, inside the served graph."""

import tensorflow as tf

from kerasrec.data.table import TIME_UNITS
from kerasrec.errors import CHECK

# From here on they are milliseconds: in seconds it is the year 5138.
LAST = int(TIME_UNITS[0][0])


def check_beside(name, column, history):
    """Stops a request with more, or fewer, behaviors or timestamps than items, or no seconds.

    Nothing said at all, padding of any length, fits every history. Each row is looked at by itself:
    a server that answers requests together fills up their lists, and those that fit still do.

    Args:
        name: Of the input.
        column: `(batch or 1, any)`: "" or 0 where nothing is said.
        history: `(batch or 1, any)` item ids.

    Raises:
        tf.errors.InvalidArgumentError: naming the input.

    >>> check_beside("timestamp", tf.constant([[5, 7]]), tf.constant([["a", "b"]]))
    >>> try:
    ...     check_beside("timestamp", tf.constant([[5, 7]]), tf.constant([["a"]]))
    ... except tf.errors.InvalidArgumentError:
    ...     print("refused")
    refused
    """
    said = tf.not_equal(column, "" if column.dtype == tf.string else 0)
    told, items = tf.shape(column)[1], tf.shape(history)[1]
    more = tf.reduce_any(said[:, items:])
    without = tf.reduce_any(tf.not_equal(history[:, told:], ""), axis=1)
    fewer = tf.reduce_any(tf.reduce_any(said, axis=1) & without)
    expected = f"{CHECK}{name}: expected one for each item of the history, or none: got"
    tf.debugging.Assert(~(more | fewer), [expected, told, "for", items])
    if name == "timestamp":
        last = f"{CHECK}{name}: expected seconds since 1970: got"
        tf.debugging.Assert(tf.reduce_all(column < LAST), [last, tf.reduce_max(column)])
