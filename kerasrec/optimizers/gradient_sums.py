"""Gradient accumulation for dense and row gradients."""

from kerasrec.tables import rows

# Name of the weight in `keras.layers.Embedding` and `EmbeddingTable`.
TABLE = "embeddings"


def is_table(variable):
    """Whether a variable is an embedding table."""
    return getattr(variable, "name", "") == TABLE and len(variable.shape) == 2


class GradientSums:
    """Accumulates the gradients of one variable until an update is due.

    For a table, a list of the pending rows is stored with the sums, so that an update reads and
    writes these rows only. XLA is not supported: it needs a static length of the list.

    Args:
        optimizer: Keras optimizer that owns the variables.
        variable: The variable of the gradients.
        total: Optimizer variable of the same shape, initially zeros.
    """

    def __init__(self, optimizer, variable, total):
        self.total = total
        self.by_row = is_table(variable)
        if self.by_row:
            shape = variable.shape[:1]
            # Keras's "int" is int64 on TensorFlow, which keeps int32 variables on the CPU.
            self.is_pending = optimizer.add_variable(shape, dtype="bool", name="row_waits")
            self.pending_rows = optimizer.add_variable(shape, dtype="int", name="rows_waiting")
            self.num_pending = optimizer.add_variable((), dtype="int", name="num_rows_waiting")

    def add(self, gradient, due, steps):
        """Adds a gradient and returns the mean of the last `steps` gradients.

        Args:
            gradient: Tensor, or `tf.IndexedSlices` with unique rows.
            due: Bool scalar, True if the update takes place now. If False, ignore the result; for a
                table it has no rows.
            steps: Number of gradients in an update.
        """
        import tensorflow as tf

        total = rows.local_variable(self.total)
        if not (self.by_row and isinstance(gradient, tf.IndexedSlices)):
            total.assign_add(tf.convert_to_tensor(gradient))
            mean = total / steps
            total.assign(tf.where(due, tf.zeros_like(mean), total))
            return mean
        total.scatter_add(gradient)
        ids = self._take_pending_rows(gradient.indices, due)
        mean = total.sparse_read(ids) / steps
        total.scatter_update(tf.IndexedSlices(tf.zeros_like(mean), ids))
        return tf.IndexedSlices(mean, ids, gradient.dense_shape)

    def _take_pending_rows(self, ids, due):
        """Adds `ids` to the pending rows. If due, returns and clears all of them, else none."""
        import tensorflow as tf

        is_pending, pending_rows, num_pending = map(
            rows.local_variable, (self.is_pending, self.pending_rows, self.num_pending)
        )
        ids = tf.cast(ids, pending_rows.dtype)
        new = tf.boolean_mask(ids, ~is_pending.sparse_read(ids))
        num_new = tf.size(new, out_type=pending_rows.dtype)
        is_pending.scatter_update(tf.IndexedSlices(tf.ones_like(new, tf.bool), new))
        pending_rows.scatter_update(tf.IndexedSlices(new, num_pending + tf.range(num_new)))
        num_pending.assign_add(num_new)
        zero = tf.zeros_like(num_new)
        pending = pending_rows.sparse_read(tf.range(tf.where(due, num_pending, zero)))
        is_pending.scatter_update(tf.IndexedSlices(tf.zeros_like(pending, tf.bool), pending))
        num_pending.assign(tf.where(due, zero, num_pending))
        return pending
