"""Moves the padding and unknown items of a history to the right."""

import tensorflow as tf

from kerasrec.data.vocabulary import UNKNOWN


class Packed:
    """Packs the columns of a history: padding and unknown items move to the right and become 0.

    Args:
        items: `(batch, any)` item rows.
        length: Number of most recent items that `last` and `cut` keep.
    """

    def __init__(self, items, length):
        skipped = items <= UNKNOWN
        self.order = tf.argsort(tf.cast(skipped, tf.int32), axis=1, stable=True)
        real = tf.reduce_sum(tf.cast(~skipped, tf.int32), axis=1, keepdims=True)
        self.real = tf.range(tf.shape(items)[1])[None] < real
        width = tf.minimum(tf.shape(items)[1], length)
        self.places = tf.maximum(real - width, 0) + tf.range(width)[None]

    def all(self, column):
        """Packs a column that is aligned with the items."""
        column = tf.gather(column, self.order, axis=1, batch_dims=1)
        return tf.where(self.real, column, tf.zeros((), column.dtype))

    def last(self, column):
        """Packs a column and keeps the last `length` items."""
        return self.cut(self.all(column))

    def cut(self, packed):
        """Keeps the last `length` items of a packed column."""
        return tf.gather(packed, self.places, axis=1, batch_dims=1)
