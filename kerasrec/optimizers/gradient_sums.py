"""The gradients of several steps, added up."""

from kerasrec.tables import rows

# Keras's own Embedding and ours give a table this name.
TABLE = "embeddings"


def is_table(variable):
    """Whether the rows of a variable are looked up."""
    return getattr(variable, "name", "") == TABLE and len(variable.shape) == 2


class GradientSums:
    """Adds up the gradients of one variable until an update is due.

    Of a table only the rows that wait for the update are touched: the list of them is kept beside
    the sums, so that nobody looks for them in the table. Not under XLA, which needs to know the
    length of the list.

    Args:
        optimizer: Keras optimizer that owns the variables.
        variable: The variable whose gradients are added up.
        total: Optimizer variable of the same shape, zeros.
    """

    def __init__(self, optimizer, variable, total):
        self.total = total
        self.by_row = is_table(variable)
        if self.by_row:
            shape = variable.shape[:1]
            # Keras's "int" is int64 on TensorFlow, which keeps int32 variables on the CPU.
            self.waits = optimizer.add_variable(shape, dtype="bool", name="row_waits")
            self.waiting = optimizer.add_variable(shape, dtype="int", name="rows_waiting")
            self.count = optimizer.add_variable((), dtype="int", name="num_rows_waiting")

    def add(self, gradient, due, steps):
        """Adds a gradient, and gives the mean of the last `steps` of them.

        Args:
            gradient: Tensor, or `tf.IndexedSlices` whose rows occur once.
            due: Bool scalar: the update comes now. If False the result is of no use, and for a
                table it has no rows.
            steps: How many gradients make an update.
        """
        import tensorflow as tf

        total = rows.local(self.total)
        if not (self.by_row and isinstance(gradient, tf.IndexedSlices)):
            total.assign_add(tf.convert_to_tensor(gradient))
            mean = total / steps
            total.assign(tf.where(due, tf.zeros_like(mean), total))
            return mean
        total.scatter_add(gradient)
        ids = self._waiting(gradient.indices, due)
        mean = total.sparse_read(ids) / steps
        total.scatter_update(tf.IndexedSlices(tf.zeros_like(mean), ids))
        return tf.IndexedSlices(mean, ids, gradient.dense_shape)

    def _waiting(self, ids, due):
        """Notes `ids`. All rows noted so far, which it then forgets; none where nothing is due."""
        import tensorflow as tf

        waits, waiting, count = map(rows.local, (self.waits, self.waiting, self.count))
        ids = tf.cast(ids, waiting.dtype)
        new = tf.boolean_mask(ids, ~waits.sparse_read(ids))
        many = tf.size(new, out_type=waiting.dtype)
        waits.scatter_update(tf.IndexedSlices(tf.ones_like(new, tf.bool), new))
        waiting.scatter_update(tf.IndexedSlices(new, count + tf.range(many)))
        count.assign_add(many)
        none = tf.zeros_like(many)
        found = waiting.sparse_read(tf.range(tf.where(due, count, none)))
        waits.scatter_update(tf.IndexedSlices(tf.zeros_like(found, tf.bool), found))
        count.assign(tf.where(due, none, count))
        return found
