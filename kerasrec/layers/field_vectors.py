"""One vector for each field of a row: an id, a feature, something of the request."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, EmbeddingTable
from kerasrec.register import register


@register
class FieldVectors(keras.layers.Layer):
    """One vector of length `dim` for each field.

    | kind                    | vector                                         |
    |-------------------------|------------------------------------------------|
    | category                | E[row]                                         |
    | categories, text, users | mean of E over the real rows, 0 without one    |
    | number                  | x v, a learned vector v times the number       |
    | vector                  | W x                                            |

    An empty value, row 0 or number 0, has the vector 0. With `dim` 1 the sum over the fields is the
    linear part of a model.

    Args:
        fields: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`, and
            `rows_of`, see `EmbeddingTable`.
        dim: Length of the vectors.
        stddev: Of the initial values of the tables; 0 starts from zeros.
        l2: Weight of a loss: half the squared length of each row that the batch reads, summed over
            the distinct rows of the categories. A rare row is drawn to 0 as much in each of its
            batches as a popular one.

    Call arguments:
        values: Dict of name to tensor, as returned by `CatalogTable`.

    Input shape:
        Any batch shape; behind it `(length,)` for lists and `(size,)` for vectors.

    Output shape:
        The batch shape and `(fields, dim)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import FieldVectors
    >>> fields = [{"name": "device", "kind": "category", "size": 4, "length": 1},
    ...           {"name": "price", "kind": "number", "size": 1, "length": 1}]
    >>> FieldVectors(fields, 8)({"device": np.array([2, 3]), "price": np.array([0.1, 2.0])}).shape
    TensorShape([2, 2, 8])
    """

    def __init__(self, fields, dim, stddev=0.05, l2=0.0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= l2 < np.inf:
            raise InputError(f"l2: expected a weight of at least 0, received {l2!r}")
        self.fields = fields
        self.dim = dim
        self.stddev = stddev
        self.l2 = l2
        self.tables = {
            field["name"]: EmbeddingTable(
                field["size"],
                dim,
                stddev,
                field.get("rows_of", "values"),
                dtype=self.dtype_policy,
                name=field["name"],
            )
            for field in fields
            if field["kind"] not in ("number", "vector")
        }
        self.directions = {}

    def build(self, input_shape=None):
        for table in self.tables.values():
            table.build()
        for field in self.fields:
            if field["kind"] in ("number", "vector"):
                self.directions[field["name"]] = self.add_weight(
                    shape=(field["size"], self.dim),
                    initializer=keras.initializers.RandomNormal(stddev=self.stddev)
                    if self.stddev
                    else "zeros",
                    name=field["name"],
                )

    def call(self, values, training=None):
        if training and self.l2:
            self._add_losses(values)
        return ops.stack([self._vector(field, values[field["name"]]) for field in self.fields], -2)

    def compute_output_spec(self, values, training=None):
        first = self.fields[0]
        shape = values[first["name"]].shape
        if first["kind"] not in ("category", "number"):
            shape = shape[:-1]
        return keras.KerasTensor((*shape, len(self.fields), self.dim), self.compute_dtype)

    def get_config(self):
        config = {"fields": [dict(field) for field in self.fields], "dim": self.dim}
        return {**super().get_config(), **config, "stddev": self.stddev, "l2": self.l2}

    def _add_losses(self, values):
        for field in self.fields:
            if field["kind"] == "category":
                rows = ops.sort(ops.reshape(values[field["name"]], (-1,)))
                is_first = ops.concatenate([rows[:1] == rows[:1], rows[1:] != rows[:-1]])
                vectors = ops.cast(self.tables[field["name"]](rows), "float32")
                squares = ops.sum(ops.square(vectors), axis=-1)
                loss = 0.5 * self.l2 * ops.sum(ops.where(is_first, squares, 0.0))
                self.add_loss(ops.cast(loss, keras.config.floatx()))

    def _vector(self, field, value):
        kind, name = field["kind"], field["name"]
        if kind in ("number", "vector"):
            value = ops.cast(value, self.compute_dtype)
            value = value[..., None] if kind == "number" else value
            return ops.matmul(value, ops.cast(self.directions[name], self.compute_dtype))
        vectors = self.tables[name](value)
        if kind == "category":
            return vectors
        real = ops.cast(ops.not_equal(value, PADDING), self.compute_dtype)
        count = ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1.0)
        return ops.sum(vectors, axis=-2) / count
