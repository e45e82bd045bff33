"""Histories of users (or items), stored in the model."""

import keras
import numpy as np
from keras import ops

from kerasrec.register import register


@register
class StoredHistories(keras.layers.Layer):
    """Looks up the interactions of an id: rows and values.

    For models whose score depends on the interactions of other users. The histories are saved,
    exported and served with the model. Memory: 8 bytes for each of `num_rows * length` entries.

    Args:
        num_rows: Number of ids, padding and unknown included.
        length: Entries kept for each id, the last ones.

    Input shape:
        Int ids of any shape.

    Output:
        `rows` int32 and `values` float32, both `ids.shape + (length,)`, padded with row 0 on the
        right.

    Example:

    >>> from kerasrec.layers import StoredHistories
    >>> stored = StoredHistories(4, length=2)
    >>> stored.build()
    >>> stored.assign(keys=[2, 3, 2, 2], rows=[5, 5, 6, 7], values=[1.0, 2.0, 3.0, 4.0])
    >>> rows, values = stored(keras.ops.array([2, 3]))
    >>> rows.numpy().tolist(), values.numpy().tolist()
    ([[6, 7], [5, 0]], [[3.0, 4.0], [2.0, 0.0]])
    """

    def __init__(self, num_rows, length, **kwargs):
        super().__init__(**kwargs)
        self.num_rows = num_rows
        self.length = length

    def build(self, input_shape=None):
        shape, fixed = (self.num_rows, self.length), {"initializer": "zeros", "trainable": False}
        self.rows = self.add_weight(shape=shape, dtype="int32", name="rows", **fixed)
        self.values = self.add_weight(
            shape=shape, dtype="float32", autocast=False, name="values", **fixed
        )

    def assign(self, keys, rows, values):
        """Sets the histories from interactions in time order: id, row and value, `(n,)` each."""
        keys = np.asarray(keys, "int64")
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        ends = np.searchsorted(keys, np.arange(self.num_rows), side="right")
        from_end = ends[keys] - 1 - np.arange(len(keys))
        kept = from_end < self.length
        counts = np.bincount(keys, minlength=self.num_rows)
        column = np.minimum(counts, self.length)[keys] - 1 - from_end
        index = keys[kept], column[kept]
        for weight, column in ((self.rows, rows), (self.values, values)):
            table = np.zeros(weight.shape, keras.backend.standardize_dtype(weight.dtype))
            table[index] = np.asarray(column)[order][kept]
            weight.assign(table)

    def call(self, ids):
        return ops.take(self.rows, ids, axis=0), ops.take(self.values, ids, axis=0)

    def compute_output_spec(self, ids):
        shape = (*ids.shape, self.length)
        return keras.KerasTensor(shape, "int32"), keras.KerasTensor(shape, "float32")
