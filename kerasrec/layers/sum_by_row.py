"""Sums of values by the table row that each belongs to."""

from keras import ops


def sum_by_row(rows, values, num_rows):
    """For each of n lists the sum of its values by row, `(n, num_rows)`.

    Args:
        rows, values: `(n, any)`.
        num_rows: The rows are below it.

    >>> sum_by_row(ops.array([[1, 1, 2]]), ops.array([[1.0, 2.0, 5.0]]), 4).numpy().tolist()
    [[0.0, 3.0, 5.0, 0.0]]
    """
    n = ops.shape(rows)[0]
    index = ops.cast(rows, "int32") + num_rows * ops.arange(n, dtype="int32")[:, None]
    sums = ops.segment_sum(ops.reshape(values, (-1,)), ops.reshape(index, (-1,)), n * num_rows)
    return ops.reshape(sums, (n, num_rows))
