"""Features by row, inside the model."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables import rows


@register
class CatalogTable(keras.layers.Layer):
    """The features of all items (or users) as non-trainable tables, looked up by row.

    Batches and requests carry rows only; the features travel with the weights.

    Args:
        num_rows: Rows of the vocabulary, padding and unknown included.
        features: Dicts with `name`, `kind` ("category", "categories", "number", "text", "vector"
            or "users"), `size` (of the vocabulary or the vector) and `length` (values an item).
        rows_of: "users" or "items", which of them the rows are; see `EmbeddingTable`.

    Call arguments:
        ids: Int rows.

    Input shape:
        Any shape.

    Output shape:
        Dict of name to `ids.shape` for a category or a number, `ids.shape + (length,)` for
        categories, text and users, `ids.shape + (size,)` for a vector; int32, or float32 for
        numbers and vectors whatever the policy.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import CatalogTable
    >>> table = CatalogTable(4, [{"name": "year", "kind": "number", "size": 1, "length": 1}])
    >>> table.assign({"year": np.array([0.0, 0.0, 1.5, -0.5])})
    >>> table(np.array([3, 2]))["year"].numpy().tolist()
    [-0.5, 1.5]
    """

    def __init__(self, num_rows, features, rows_of=None, **kwargs):
        super().__init__(**kwargs)
        self.num_rows = num_rows
        self.features = features
        self.rows_of = rows_of
        self.tables = {}
        for feature in features:
            shape, dtype = _shape_and_dtype(feature)
            self.tables[feature["name"]] = self.add_weight(
                shape=(num_rows, *shape),
                # Keras's "int" is int64 on TensorFlow, which keeps int32 variables on the CPU.
                dtype="int" if dtype == "int32" else dtype,
                initializer="zeros",
                trainable=False,
                autocast=False,
                name=feature["name"].replace("/", "_"),
            )
            rows.declare(self.tables[feature["name"]], rows_of)
            if dtype == "int32":
                rows.declare_held(self.tables[feature["name"]], feature["size"])

    def assign(self, columns):
        """Fills the tables.

        Args:
            columns: Dict of name to array with one row for each row of the vocabulary; what is
                no feature of this table is ignored.

        Raises:
            InputError: for a column that is missing or has another shape.
        """
        for name, table in self.tables.items():
            if name not in columns:
                raise InputError(
                    f"column {name!r} is missing: expected {', '.join(self.tables)}, "
                    f"received {', '.join(columns) or 'none'}"
                )
            if tuple(columns[name].shape) != tuple(table.shape):
                raise InputError(
                    f"column {name!r}: expected shape {tuple(table.shape)}, "
                    f"received {tuple(columns[name].shape)}"
                )
        for name, table in self.tables.items():
            table.assign(columns[name])

    def inputs(self, names):
        """Keras inputs of some of the features, as `call` gives them, by name."""
        found = {}
        for feature in self.features:
            if feature["name"] in names:
                shape, dtype = _shape_and_dtype(feature)
                found[feature["name"]] = keras.Input(shape, dtype=dtype, name=feature["name"])
        return found

    def call(self, ids):
        return {
            feature["name"]: ops.cast(
                ops.take(self.tables[feature["name"]], ids, axis=0), _shape_and_dtype(feature)[1]
            )
            for feature in self.features
        }


def _shape_and_dtype(feature):
    """What one row of the table holds."""
    kind = feature["kind"]
    if kind == "number":
        return (), "float32"
    if kind == "vector":
        return (feature["size"],), "float32"
    if kind == "category":
        return (), "int32"
    if kind in ("categories", "text", "users"):
        return (feature["length"],), "int32"
    raise InputError(
        f"feature {feature['name']!r}: kind must be category, categories, number, text, "
        f"vector or users, received {kind!r}"
    )
