"""Sparse reads of large TensorFlow variables, and what a table declares about its rows.

TensorFlow copies a variable on a dense read once it had a sparse update. So tables are read and
updated by rows only, and the cost of a step depends on the rows in the batch.
"""

import math

import keras

from kerasrec.errors import CHECK, InputError

# Numbers in a block of a new table, small compared with a large table.
NUMBERS_PER_BLOCK = 2**20
# Vocabularies of rows: users, items, or the categories or words of a feature.
VOCABULARIES = ("users", "items", "values")


def declare_vocabulary(variable, vocabulary):
    """Declares the vocabulary of a table's rows; the table grows with this vocabulary.

    The shape does not tell: there may be as many users as items, words or positions.
    """
    variable.rows_of = check_vocabulary(vocabulary)


def check_vocabulary(name):
    """Returns `name`; InputError unless it is None or one of `VOCABULARIES`."""
    if name is not None and name not in VOCABULARIES:
        known = ", ".join(map(repr, VOCABULARIES))
        raise InputError(f"rows_of: expected {known} or None, received {name!r}")
    return name


def vocabulary_of(variable):
    """The vocabulary of a table's rows, None for any other weight."""
    return getattr(variable, "rows_of", None)


def declare_row_values(variable, num_rows):
    """Declares that the values of an integer weight are rows, from 0 to `num_rows - 1`.

    Weights read from a file are checked: for a row outside of a table some backends silently
    gather another row.
    """
    variable.holds_rows = num_rows


def row_values_bound(variable):
    """The bound of `declare_row_values`, None for any other weight."""
    return getattr(variable, "holds_rows", None)


def local_variable(variable):
    """The `tf.Variable` of a Keras variable; under a strategy that of this replica."""
    native = variable.value if isinstance(variable, keras.Variable) else variable
    # `_get` is private, but distributed variables have no public sparse_read.
    return native._get() if hasattr(native, "_get") else native


def gather(variable, ids):
    """Gathers rows `ids.shape + variable.shape[1:]`; the gradient is a `tf.IndexedSlices`."""
    native = local_variable(variable)
    if hasattr(native, "sparse_read"):
        return native.sparse_read(ids)
    return keras.ops.take(native, ids, axis=0)


def read_blocks(variable):
    """Yields the rows of a variable in tensors of at most `NUMBERS_PER_BLOCK` numbers."""
    ops, size = keras.ops, math.prod(variable.shape)
    if size <= NUMBERS_PER_BLOCK:
        yield ops.convert_to_tensor(variable)
        return
    num_rows = variable.shape[0]
    step = max(1, NUMBERS_PER_BLOCK * num_rows // size)
    for start in range(0, num_rows, step):
        yield gather(variable, ops.arange(start, min(start + step, num_rows)))


def sum_equal_rows(gradient):
    """Sums the slices of equal rows: a `tf.IndexedSlices` with unique rows."""
    import tensorflow as tf

    rows, where = tf.unique(gradient.indices)
    return tf.IndexedSlices(
        tf.math.unsorted_segment_sum(gradient.values, where, tf.size(rows)),
        rows,
        gradient.dense_shape,
    )


def fill_by_blocks(shape, dtype, block):
    """Fills a tensor with `block(start, stop)`, without a second tensor of its size."""
    import tensorflow as tf

    rows = max(1, NUMBERS_PER_BLOCK // shape[1])
    # The only op that updates a tensor in place. Safe here: no other op has read it.
    values = tf.zeros(shape, dtype)
    for start in range(0, shape[0], rows):
        stop = min(start + rows, shape[0])
        values = tf.raw_ops.InplaceUpdate(
            x=values, i=tf.range(start, stop), v=tf.cast(block(start, stop), dtype)
        )
    return values


def check_ids(ids, num_rows, name):
    """Returns `ids`, or raises an error that names an id outside of the table.

    A graph raises at run time. XLA drops the assertion, so the caller must handle such ids.
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
    assertion = tf.raw_ops.Assert(
        condition=tf.logical_and(lowest >= 0, highest < num_rows),
        data=[CHECK + _expected(name, num_rows), tf.where(lowest < 0, lowest, highest)],
    )
    with tf.control_dependencies([assertion]):
        return tf.identity(ids)


def _expected(name, num_rows):
    return f"{name}: expected ids from 0 (padding) to {num_rows - 1}, received"
