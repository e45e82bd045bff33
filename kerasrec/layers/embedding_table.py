"""An embedding table with sparse reads and updates."""

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
    """Looks up ids in a trainable table, at a cost independent of the table's size.

        E[id], and 0 for id 0, the padding

    `keras.layers.Embedding` reads the whole table: after a sparse update TensorFlow copies it at
    every step. This layer gathers rows without a copy. The optimizers of `kerasrec.optimizers` also
    update rows in place, so a step takes equally long for 10,000 rows and for 10 million.

    Args:
        num_rows: Rows of the table, padding included.
        dim: Length of a vector.
        stddev: Standard deviation of the normal distribution of the initial values; 0 starts from
            zeros.
        rows_of: "users", "items" or "values" (of a feature) if the rows are those of a vocabulary.
            The table then grows with the vocabulary, see `Recommender.load_rows_from`. None for a
            fixed number of rows.
        initial_values: Array `(num_rows, dim)` of initial values, such as vectors of another model.
            Not part of the config: a saved layer has its weights.

    Input shape:
        Any shape, integers.

    Output shape:
        `ids.shape + (dim,)`.

    Raises:
        InputError: for a wrong argument, a table larger than the memory, or an id outside of the
            table. A graph raises TensorFlow's InvalidArgumentError for such an id. XLA
            (`jit_compile=True`) cannot raise; there its vector is NaN.

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
        self.rows_of = rows.check_vocabulary(rows_of)
        self._initial_values = _checked(initial_values, (num_rows, dim))

    def build(self, input_shape=None):
        advice = "use fewer rows, a smaller dim, or a machine with more memory"
        check_memory(f"{self.path}/embeddings", [(self.num_rows, self.dim)], advice)
        self.embeddings = self.add_weight(
            shape=(self.num_rows, self.dim),
            initializer=self._initialize,
            # A cast would copy the whole table. Only the gathered rows are cast.
            autocast=False,
            # The name that `keras.layers.Embedding` uses; optimizers find tables by it.
            name="embeddings",
        )
        rows.declare_vocabulary(self.embeddings, self.rows_of)
        self._initial_values = None

    def call(self, ids):
        ids = ops.convert_to_tensor(ids)
        if keras.backend.standardize_dtype(ids.dtype) not in ("int32", "int64"):
            ids = ops.cast(ids, "int64")
        ids = rows.check_ids(ids, self.num_rows, f"table {self.path}")
        vectors = ops.cast(rows.gather(self.embeddings, ids), self.compute_dtype)
        # For an id outside of the table XLA and GPUs gather another row: return NaN instead.
        outside = ops.logical_or(ids < 0, ids >= self.num_rows)
        mask = ops.cast(ops.not_equal(ids, PADDING), self.compute_dtype)
        # The mask also zeroes the gradient of the padding row.
        return vectors * ops.where(outside, ops.cast(np.nan, mask.dtype), mask)[..., None]

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.dim)

    def get_config(self):
        config = {"num_rows": self.num_rows, "dim": self.dim, "stddev": self.stddev}
        config["rows_of"] = self.rows_of
        return {**super().get_config(), **config}

    def _initialize(self, shape, dtype=None):
        if keras.backend.backend() == "tensorflow":
            return rows.fill_by_blocks(shape, dtype, self._initial_rows)
        return ops.cast(self._initial_rows(0, shape[0]), dtype)

    def _initial_rows(self, start, stop):
        shape = (stop - start, self.dim)
        if self._initial_values is not None:
            values = ops.convert_to_tensor(self._initial_values[start:stop])
        elif self.stddev:
            # A number, drawn as Keras does. A generator would add a weight to the layer.
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
