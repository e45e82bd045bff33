"""Checks inputs that run in parallel with a history, inside the served graph."""

import tensorflow as tf

from kerasrec.data.query_spec import REQUEST_INPUTS
from kerasrec.data.table import TIME_UNITS
from kerasrec.errors import CHECK

# From here on they are milliseconds: in seconds it is the year 5138.
LAST = int(TIME_UNITS[0][0])


def check_beside(name, column, history):
    """Stops a request with more, or fewer, behaviors or timestamps than items, or no seconds.

    Padding alone, of any length, fits every history. Each row is checked by itself: a server that
    batches requests pads their lists, and a valid request must stay valid.

    Args:
        name: Name of the input in `REQUEST_INPUTS`.
        column: `(batch or 1, any)`; its default is padding.
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
    given = tf.not_equal(column, REQUEST_INPUTS[name].default)
    length, items = tf.shape(column)[1], tf.shape(history)[1]
    more = tf.reduce_any(given[:, items:])
    without = tf.reduce_any(tf.not_equal(history[:, length:], ""), axis=1)
    fewer = tf.reduce_any(tf.reduce_any(given, axis=1) & without)
    expected = f"{CHECK}{name}: expected one for each item of the history, or none: got"
    tf.debugging.Assert(~(more | fewer), [expected, length, "for", items])
    if name == "timestamp":
        last = f"{CHECK}{name}: expected seconds since 1970: got"
        tf.debugging.Assert(tf.reduce_all(column < LAST), [last, tf.reduce_max(column)])
