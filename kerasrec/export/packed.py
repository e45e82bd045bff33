"""Columns of a history without the gaps that a request may have."""

import tensorflow as tf

from kerasrec.data.vocabulary import UNKNOWN


class Packed:
    """Columns of a history with padding and unknown items moved to the right and set to 0.

    Args:
        items: `(batch, any)` item rows.
        length: Of how many of the last items `last` and `cut` are.
    """

    def __init__(self, items, length):
        skipped = items <= UNKNOWN
        self.order = tf.argsort(tf.cast(skipped, tf.int32), axis=1, stable=True)
        real = tf.reduce_sum(tf.cast(~skipped, tf.int32), axis=1, keepdims=True)
        self.real = tf.range(tf.shape(items)[1])[None] < real
        width = tf.minimum(tf.shape(items)[1], length)
        self.places = tf.maximum(real - width, 0) + tf.range(width)[None]

    def all(self, column):
        """A column of the items, packed."""
        column = tf.gather(column, self.order, axis=1, batch_dims=1)
        return tf.where(self.real, column, tf.zeros((), column.dtype))

    def last(self, column):
        """Of the last `length` items."""
        return self.cut(self.all(column))

    def cut(self, packed):
        """The last `length` items of a column that is packed."""
        return tf.gather(packed, self.places, axis=1, batch_dims=1)
