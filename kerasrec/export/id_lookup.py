"""External ids to rows and back, inside the served graph."""

import uuid

import numpy as np
import tensorflow as tf
from tensorflow.saved_model.experimental import TrackableResource

from kerasrec.data.vocabulary import UNKNOWN


class IdLookup(tf.Module):
    """The rows of a `Vocabulary` by id, and the ids by row.

    The ids are a variable, which is saved with the vectors, and a hash table is filled from it when
    the graph is loaded. As constants, which a Keras `StringLookup` makes of them, they are copied
    many times on the way, which takes memory and time where there are millions.

    >>> from kerasrec.data import Vocabulary
    >>> lookup = IdLookup(Vocabulary(["a", "b"]))
    >>> lookup(tf.constant(["b", "nobody", ""])).numpy().tolist()
    [3, 1, 0]
    >>> lookup.ids(tf.constant([3, 0])).numpy().tolist()
    [b'b', b'']

    Args:
        vocabulary: The `Vocabulary`.
    """

    def __init__(self, vocabulary):
        super().__init__()
        unknown = "[unknown]"
        while unknown in vocabulary:
            unknown += "?"
        # Objects: a fixed-width array would be as wide as the longest id.
        ids = np.array(["", unknown, *vocabulary.ids], dtype=object)
        self.stored = tf.Variable(ids, trainable=False, name="ids")
        self.table = _Table(self.stored)

    def __call__(self, ids):
        """The row of each id, int32."""
        return self.table.find(ids)

    def ids(self, rows):
        """The id of each row; "" for padding."""
        return tf.gather(self.stored, rows)


class _Table(TrackableResource):
    """A hash table from the values of a variable of strings to their places."""

    def __init__(self, stored):
        super().__init__()
        self._stored = stored
        # Without a name of its own TensorFlow may take the table of another vocabulary.
        self._shared_name = f"ids_{uuid.uuid4()}"
        self._initialize()

    def find(self, keys):
        found = tf.raw_ops.LookupTableFindV2(
            table_handle=self.resource_handle, keys=keys, default_value=UNKNOWN
        )
        return tf.ensure_shape(found, keys.shape)

    def _create_resource(self):
        return tf.raw_ops.HashTableV2(
            key_dtype=tf.string, value_dtype=tf.int32, shared_name=self._shared_name
        )

    def _initialize(self):
        keys = self._stored.read_value()
        tf.raw_ops.LookupTableImportV2(
            table_handle=self.resource_handle, keys=keys, values=tf.range(tf.size(keys))
        )
