"""A vector for each id."""

import random

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables import rows
from kerasrec.tables.memory import check_memory

PADDING, UNKNOWN = 0, 1


@register
class EmbeddingTable(keras.layers.Layer):
    """Looks ids up in a trainable table, at a cost that does not depend on its size.

        E[id], and 0 for id 0, which is padding

    `keras.layers.Embedding` reads the whole table: after an update of rows TensorFlow copies it at
    every step. Here rows are read where they lie. With an optimizer of `kerasrec.optimizers` they
    are written there as well, and a step costs the same for 10,000 rows and for 10 million.

    Args:
        num_rows: Rows of the table, padding included.
        dim: Length of a vector.
        stddev: Of the normal distribution the rows start from; 0 starts from zeros.
        rows_of: "users", "items" or "values" (of a feature) where each row is one of them: the
            table then grows with their vocabulary, see `Recommender.load_rows_from`. None for rows
            whose number no data changes.
        initial_values: Array `(num_rows, dim)` to start from instead, such as vectors that another
            model has learnt. It is not part of the config: a saved layer has its weights.

    Input shape:
        Any shape, integers. An id outside of the table is an error that names it; XLA
        (`jit_compile=True`) cannot raise one, and there the vector of such an id is NaN.

    Output shape:
        `ids.shape + (dim,)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import EmbeddingTable
    >>> table = EmbeddingTable(3, 2, initial_values=[[0, 0], [1, 2], [3, 4]])
    >>> table(np.array([2, 0])).numpy().tolist()
    [[3.0, 4.0], [0.0, 0.0]]
    """

    def __init__(self, num_rows, dim, stddev=0.05, rows_of=None, initial_values=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("num_rows", num_rows), ("dim", dim)):
            if int(value) != value or value < 1:
                raise InputError(f"{name}: expected a whole number from 1, received {value!r}")
        self.num_rows = num_rows
        self.dim = dim
        self.stddev = stddev
        self.rows_of = rows.checked_vocabulary(rows_of)
        self._initial_values = _checked(initial_values, (num_rows, dim))

    def build(self, input_shape=None):
        advice = "use fewer rows, a smaller dim, or a machine with more memory"
        check_memory(f"{self.path}/embeddings", [(self.num_rows, self.dim)], advice)
        self.embeddings = self.add_weight(
            shape=(self.num_rows, self.dim),
            initializer=self._start,
            # A cast would make a copy of the table; the rows that are read are cast instead.
            autocast=False,
            # The name that Keras's own Embedding gives: optimizers know a table by it.
            name="embeddings",
        )
        rows.declare(self.embeddings, self.rows_of)
        self._initial_values = None

    def call(self, ids):
        ids = ops.convert_to_tensor(ids)
        if keras.backend.standardize_dtype(ids.dtype) not in ("int32", "int64"):
            ids = ops.cast(ids, "int64")
        ids = rows.checked(ids, self.num_rows, f"table {self.path}")
        vectors = ops.cast(rows.read(self.embeddings, ids), self.compute_dtype)
        # XLA and GPUs read some other row for an id outside: NaN then, and not that row.
        outside = ops.logical_or(ids < 0, ids >= self.num_rows)
        share = ops.cast(ops.not_equal(ids, PADDING), self.compute_dtype)
        # Also the gradient of the padding row is multiplied by its zero.
        return vectors * ops.where(outside, ops.cast(np.nan, share.dtype), share)[..., None]

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.dim)

    def get_config(self):
        own = {"num_rows": self.num_rows, "dim": self.dim, "stddev": self.stddev}
        own["rows_of"] = self.rows_of
        return {**super().get_config(), **own}

    def _start(self, shape, dtype=None):
        if keras.backend.backend() == "tensorflow":
            return rows.filled(shape, dtype, self._block)
        return ops.cast(self._block(0, shape[0]), dtype)

    def _block(self, start, stop):
        shape = (stop - start, self.dim)
        if self._initial_values is not None:
            values = ops.convert_to_tensor(self._initial_values[start:stop])
        elif self.stddev:
            # A number, as Keras draws them, and no generator: that would be a weight of its own.
            seed = random.randint(1, 10**9)
            values = keras.random.normal(shape, stddev=self.stddev, seed=seed)
        else:
            values = ops.zeros(shape)
        if start > PADDING:
            return values
        return ops.concatenate([ops.zeros_like(values[:1]), values[1:]])


def _checked(values, shape):
    if values is None:
        return None
    values = np.asarray(values, "float32")
    if values.shape != shape or not np.isfinite(values).all():
        raise InputError(
            f"initial_values: expected finite numbers of shape {shape}, received shape "
            f"{values.shape}" + ("" if np.isfinite(values).all() else " with NaN or infinity")
        )
    return values
