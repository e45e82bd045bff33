"""Checks inside the served graph that what is said of the steps of a history fits it."""

import tensorflow as tf

from kerasrec.data.query_spec import RECENT_INPUTS, REQUEST_INPUTS
from kerasrec.data.table import TIME_UNITS
from kerasrec.errors import CHECK

# A larger timestamp is in milliseconds: in seconds it would be the year 5138 or later.
LAST = int(TIME_UNITS[0][0])


def check_beside(name, column, history, value_range=None):
    """Rejects behaviors, timestamps or values that do not match their history in number or unit.

    A column of padding only fits every history. Each row is checked on its own, since a batching
    server pads the lists of the requests that it joins.

    Args:
        name: Name of the input in `REQUEST_INPUTS` or `RECENT_INPUTS`.
        column: `(batch or 1, any)`; its default is padding.
        history: `(batch or 1, any)` item ids.
        value_range: Smallest and largest value, for values.

    Raises:
        tf.errors.InvalidArgumentError: naming the input.

    >>> check_beside("timestamp", tf.constant([[5, 7]]), tf.constant([["a", "b"]]))
    >>> try:
    ...     check_beside("timestamp", tf.constant([[5, 7]]), tf.constant([["a"]]))
    ... except tf.errors.InvalidArgumentError:
    ...     print("refused")
    refused
    """
    each = (REQUEST_INPUTS | RECENT_INPUTS)[name]
    default = each.default
    present = tf.not_equal(column, default)
    if default != default:  # NaN is not equal to itself
        present = ~tf.math.is_nan(column)
    given, items = tf.shape(column)[1], tf.shape(history)[1]
    more = tf.reduce_any(present[:, items:])
    unmatched = tf.reduce_any(tf.not_equal(history[:, given:], ""), axis=1)
    fewer = tf.reduce_any(tf.reduce_any(present, axis=1) & unmatched)
    expected = f"{CHECK}{name}: expected one for each item of the {each.beside}, or none: got"
    tf.debugging.Assert(~(more | fewer), [expected, given, "for", items])
    if name in ("timestamp", "recent_timestamp"):
        last = f"{CHECK}{name}: expected seconds since 1970: got"
        tf.debugging.Assert(tf.reduce_all(column < LAST), [last, tf.reduce_max(column)])
    if name == "value":
        low, high = value_range
        # The value of no item says nothing, such as 0, which JSON may write for a missing number.
        width = tf.minimum(given, items)
        outside = (column < low) | (column > high)
        outside = outside[:, :width] & tf.not_equal(history[:, :width], "")
        wrong = tf.boolean_mask(tf.broadcast_to(column[:, :width], tf.shape(outside)), outside)
        scale = f"{CHECK}{name}: expected ratings as in the train part, {low:g} to {high:g}: got"
        tf.debugging.Assert(tf.equal(tf.size(wrong), 0), [scale, wrong], summarize=3)
