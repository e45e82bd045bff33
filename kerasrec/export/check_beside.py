"""Checks inside the served graph that behaviors and timestamps fit their history."""

import tensorflow as tf

from kerasrec.data.query_spec import REQUEST_INPUTS
from kerasrec.data.table import TIME_UNITS
from kerasrec.errors import CHECK

# A larger timestamp is in milliseconds: in seconds it would be the year 5138 or later.
LAST = int(TIME_UNITS[0][0])


def check_beside(name, column, history):
    """Rejects a request whose behaviors or timestamps do not match its history in number or unit.

    A column of padding only fits every history. Each row is checked on its own, since a batching
    server pads the lists of the requests that it joins.

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
    present = tf.not_equal(column, REQUEST_INPUTS[name].default)
    given, items = tf.shape(column)[1], tf.shape(history)[1]
    more = tf.reduce_any(present[:, items:])
    unmatched = tf.reduce_any(tf.not_equal(history[:, given:], ""), axis=1)
    fewer = tf.reduce_any(tf.reduce_any(present, axis=1) & unmatched)
    expected = f"{CHECK}{name}: expected one for each item of the history, or none: got"
    tf.debugging.Assert(~(more | fewer), [expected, given, "for", items])
    if name == "timestamp":
        last = f"{CHECK}{name}: expected seconds since 1970: got"
        tf.debugging.Assert(tf.reduce_all(column < LAST), [last, tf.reduce_max(column)])
