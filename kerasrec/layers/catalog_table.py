"""Features of all items or users, stored in the model."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables import rows


@register
class CatalogTable(keras.layers.Layer):
    """Looks up the features of items (or users) by row, in non-trainable tables.

    Batches and requests contain rows only. The features are saved and exported with the weights.

    Args:
        num_rows: Rows of the vocabulary, padding and unknown included.
        features: Dicts with `name`, `kind` ("category", "categories", "number", "text", "vector",
            "users" or "image"), `size` (of the vocabulary, the vector or a side of the picture) and
            `length` (values an item).
        rows_of: "users" or "items", the vocabulary of the rows; see `EmbeddingTable`.

    Call arguments:
        ids: Int rows.

    Input shape:
        Any shape.

    Output shape:
        Dict of name to `ids.shape` for a category or a number, `ids.shape + (length,)` for
        categories, text and users, `ids.shape + (size,)` for a vector, `ids.shape + (size, size,
        3)` for a picture; int32, uint8 for a picture, or float32 for numbers and vectors under any
        dtype policy.

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
            rows.declare_vocabulary(self.tables[feature["name"]], rows_of)
            if dtype == "int32":
                rows.declare_row_values(self.tables[feature["name"]], feature["size"])

    def assign(self, columns):
        """Fills the tables.

        Args:
            columns: Dict of name to array with one row for each row of the vocabulary. Names
                that are not features of this table are ignored.

        Raises:
            InputError: for a missing column, or one of another shape.
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
        """Keras inputs for the named features, shaped as the output of `call`: dict by name."""
        inputs = {}
        for feature in self.features:
            if feature["name"] in names:
                shape, dtype = _shape_and_dtype(feature)
                inputs[feature["name"]] = keras.Input(shape, dtype=dtype, name=feature["name"])
        return inputs

    def call(self, ids):
        return {
            feature["name"]: ops.cast(
                ops.take(self.tables[feature["name"]], ids, axis=0), _shape_and_dtype(feature)[1]
            )
            for feature in self.features
        }


def _shape_and_dtype(feature):
    """Shape and dtype of a feature in one row."""
    kind = feature["kind"]
    if kind == "number":
        return (), "float32"
    if kind == "vector":
        return (feature["size"],), "float32"
    if kind == "category":
        return (), "int32"
    if kind in ("categories", "text", "users"):
        return (feature["length"],), "int32"
    if kind == "image":
        return (feature["size"], feature["size"], 3), "uint8"
    raise InputError(
        f"feature {feature['name']!r}: kind must be category, categories, number, text, "
        f"vector, users or image, received {kind!r}"
    )
