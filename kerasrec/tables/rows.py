"""Rows of a TensorFlow variable, read and written where they lie.

A dense read of a variable that rows were once written to copies all of it. So a table is read and
written by rows only: a step costs what it touches.
"""

import keras

from kerasrec.errors import CHECK, InputError

# What one block of a new table takes: small beside any table that matters.
BLOCK = 2**20
# What a row may stand for: a user, an item, a category or word of a feature.
VOCABULARIES = ("users", "items", "values")


def declare(variable, vocabulary):
    """Says whose rows a table has: it grows with that vocabulary, and no other weight does.

    The shape alone does not tell: there may be as many users as items, words or positions.
    """
    variable.rows_of = checked_vocabulary(vocabulary)


def checked_vocabulary(name):
    """`name`, or an error if it is neither None nor one of `VOCABULARIES`."""
    if name is not None and name not in VOCABULARIES:
        known = ", ".join(map(repr, VOCABULARIES))
        raise InputError(f"rows_of: expected {known} or None, received {name!r}")
    return name


def declared(variable):
    """The vocabulary that `declare` was given, None for any other weight."""
    return getattr(variable, "rows_of", None)


def declare_held(variable, num_rows):
    """Says that a weight of whole numbers holds rows of a table: from 0 to `num_rows - 1`.

    A weight that is read from a file is held against it: of a row outside some backends read
    another one, and say nothing.
    """
    variable.holds_rows = num_rows


def held(variable):
    """The number of rows that `declare_held` was given, None for any other weight."""
    return getattr(variable, "holds_rows", None)


def local(variable):
    """The `tf.Variable` of a Keras variable; under a strategy the one of this replica."""
    native = variable.value if isinstance(variable, keras.Variable) else variable
    # tf.distribute has no public name for it: its variables refuse a `sparse_read`.
    return native._get() if hasattr(native, "_get") else native


def read(variable, ids):
    """Rows `ids.shape + variable.shape[1:]`; the gradient is a `tf.IndexedSlices`."""
    native = local(variable)
    if hasattr(native, "sparse_read"):
        return native.sparse_read(ids)
    return keras.ops.take(native, ids, axis=0)


def summed(gradient):
    """A `tf.IndexedSlices` in which each row occurs once, the repeated ones added up."""
    import tensorflow as tf

    rows, where = tf.unique(gradient.indices)
    return tf.IndexedSlices(
        tf.math.unsorted_segment_sum(gradient.values, where, tf.size(rows)),
        rows,
        gradient.dense_shape,
    )


def filled(shape, dtype, block):
    """A tensor of rows made by `block(start, stop)`, without a second one of its size."""
    import tensorflow as tf

    rows = max(1, BLOCK // shape[1])
    # The only op that writes into a tensor where it lies: nothing else has seen this one yet.
    values = tf.zeros(shape, dtype)
    for start in range(0, shape[0], rows):
        stop = min(start + rows, shape[0])
        values = tf.raw_ops.InplaceUpdate(
            x=values, i=tf.range(start, stop), v=tf.cast(block(start, stop), dtype)
        )
    return values


def checked(ids, num_rows, name):
    """`ids`, or an error that names one outside of the table; in a graph when it runs.

    XLA drops the assertion of a graph, so the caller must not let such ids pass for others.
    """
    if keras.backend.backend() != "tensorflow":
        return ids
    import tensorflow as tf

    if tf.executing_eagerly():
        flat = tf.reshape(ids, [-1])
        outside = tf.boolean_mask(flat, tf.logical_or(flat < 0, flat >= num_rows))
        if len(outside):
            raise InputError(f"{_expected(name, num_rows)} {int(outside[0])}")
        return ids
    lowest, highest = tf.reduce_min(ids), tf.reduce_max(ids)
    inside = tf.raw_ops.Assert(
        condition=tf.logical_and(lowest >= 0, highest < num_rows),
        data=[CHECK + _expected(name, num_rows), tf.where(lowest < 0, lowest, highest)],
    )
    with tf.control_dependencies([inside]):
        return tf.identity(ids)


def _expected(name, num_rows):
    return f"{name}: expected ids from 0 (padding) to {num_rows - 1}, received"
