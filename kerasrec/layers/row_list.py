"""A fixed list of rows, as a weight."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values
from kerasrec.whole_number import whole_number


@register
class RowList(keras.layers.Layer):
    """Gives each query the same rows of a vocabulary, which are saved and exported with a model.

    Args:
        length: Number of rows.
        num_rows: Rows of the vocabulary; all rows of the list are below.

    Call arguments:
        x: Any tensor with the queries on its first axis.

    Output shape:
        `(batch, length)` int32.

    Raises:
        InputError: for a number below 1, or at `assign` for another number of rows.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import RowList
    >>> rows = RowList(2, num_rows=9)
    >>> rows.assign([7, 3])
    >>> rows(np.zeros((2, 5))).numpy().tolist()
    [[7, 3], [7, 3]]
    """

    def __init__(self, length, num_rows, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.length = whole_number(length, "length", 1)
        self.num_rows = whole_number(num_rows, "num_rows", 1)
        self.rows = self.add_weight(
            shape=(self.length,),
            # Keras's "int" is int64 on TensorFlow, which keeps int32 variables on the CPU.
            dtype="int",
            initializer="zeros",
            trainable=False,
            autocast=False,
            name="rows",
        )
        declare_row_values(self.rows, self.num_rows)

    def assign(self, rows):
        """Sets the rows `(length,)`."""
        rows = np.asarray(rows, dtype="int32")
        if rows.shape != (self.length,):
            raise InputError(f"rows: expected {self.length}, received the shape {rows.shape}")
        if not (0 <= rows.min() and rows.max() < self.num_rows):
            raise InputError(
                f"rows: expected 0 to {self.num_rows - 1}, received {rows.min()} to {rows.max()}"
            )
        self.rows.assign(rows)

    def call(self, x):
        rows = ops.cast(ops.convert_to_tensor(self.rows), "int32")
        return ops.broadcast_to(rows, (ops.shape(x)[0], self.length))

    def compute_output_spec(self, x):
        return keras.KerasTensor((x.shape[0], self.length), "int32")
