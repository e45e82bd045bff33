"""Encodes an id and its features as one vector."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.conv2d_item_encoder import Conv2DItemEncoder
from kerasrec.layers.embedding_table import PADDING, UNKNOWN, EmbeddingTable
from kerasrec.register import register


@register
class EmbeddingTower(keras.layers.Layer):
    """Encodes the id and features of a user or item as one vector.

        x = [E_id[id]; for each feature: E[category], mean of E over real tokens, number, vector,
             `Conv2DItemEncoder` of a picture]
        v = Dense_dim(MLP(x)) with features or an mlp, else E_id[id]

    Args:
        num_rows: Rows of the id table, padding and unknown included.
        dim: Length of the vector, and of every embedding.
        features: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`.
        mlp: Widths of ReLU layers before the last, linear one.
        l2: Weight of a loss: the mean squared length of the id embeddings in the batch, without
            padding. Rows outside of the batch get no gradient.
        id_dropout: Share of the ids replaced by unknown in training, so that the vector is also
            useful for an id that is not in the training data.
        use_id: False encodes the features only, so ids without training data lose nothing.
        table: An `EmbeddingTable` `(num_rows, dim)` to share; None creates one.
        rows_of: "users" or "items", the vocabulary of the ids; see `EmbeddingTable`.
        seed: Of the id dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        ids: Int rows.
        features: Dict of name to tensor, as returned by `CatalogTable`. Names that the constructor
            does not list are ignored.

    Input shape:
        `ids` of any shape; a feature `ids.shape` (category, number), `ids.shape + (length,)`
        (categories, text, users), `ids.shape + (size,)` (vector) or `ids.shape + (size, size, 3)`
        (image).

    Output shape:
        `ids.shape + (dim,)`.

    Raises:
        InputError: for a wrong argument, or a feature that the call lacks.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import EmbeddingTower
    >>> genres = {"name": "genres", "kind": "categories", "size": 20, "length": 3}
    >>> tower = EmbeddingTower(100, 8, [genres], mlp=[16])
    >>> tower(np.array([5, 7]), {"genres": np.array([[2, 3, 0], [4, 0, 0]])}).shape
    TensorShape([2, 8])

    Reference:
        Covington, Adams, Sargin, Deep neural networks for YouTube recommendations, RecSys 2016.
    """

    def __init__(
        self,
        num_rows,
        dim,
        features=(),
        mlp=(),
        l2=0.0,
        id_dropout=0.0,
        use_id=True,
        table=None,
        rows_of=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not use_id and not features:
            raise InputError("use_id=False needs features: without both there is nothing to encode")
        if not 0 <= id_dropout < 1:
            raise InputError(f"id_dropout: expected 0 <= rate < 1, received {id_dropout}")
        if l2 < 0:
            raise InputError(f"l2: expected a weight of at least 0, received {l2}")
        self.num_rows = num_rows
        self.dim = dim
        self.features = features
        self.mlp = mlp
        self.l2 = l2
        self.id_dropout = id_dropout
        self.use_id = use_id
        self.rows_of = rows_of
        self.seed = seed
        self.shared = table is not None
        self.table = (
            self._make_table(num_rows, "id", rows_of) if use_id and table is None else table
        )
        self.feature_tables = {
            feature["name"]: self._make_table(feature["size"], feature["name"], "values")
            for feature in features
            if feature["kind"] in ("category", "categories", "text", "users")
        }
        self.pictures = {
            feature["name"]: Conv2DItemEncoder(
                dim, dtype=self.dtype_policy, name=f"{feature['name']}_encoder"
            )
            for feature in features
            if feature["kind"] == "image"
        }
        self.stack = [keras.layers.Dense(n, "relu", dtype=self.dtype_policy) for n in mlp]
        if features or mlp:
            self.stack.append(keras.layers.Dense(dim, dtype=self.dtype_policy))
        if id_dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        width = self.dim if self.use_id else 0
        for table in [self.table, *self.feature_tables.values()]:
            if table is not None and not table.built:
                table.build()
        for picture in self.pictures.values():
            picture.build()
        for feature in self.features:
            widths = {"number": 1, "vector": feature["size"]}
            width += widths.get(feature["kind"], self.dim)
        for dense in self.stack:
            dense.build((None, width))
            width = dense.units

    def call(self, ids, features=None, training=None):
        parts = [self._embed_id(ids, training)] if self.use_id else []
        for feature in self.features:
            if feature["name"] not in (features or {}):
                raise InputError(
                    f"feature {feature['name']!r} is missing: "
                    f"received {', '.join(features or {}) or 'none'}"
                )
            parts.append(self._encode_feature(feature, features[feature["name"]]))
        vector = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        for dense in self.stack:
            vector = dense(vector)
        return vector

    def get_config(self):
        # The shared table stays a layer. Keras loses the sharing of a table serialized here.
        return {
            **super().get_config(),
            "num_rows": self.num_rows,
            "dim": self.dim,
            "features": [dict(feature) for feature in self.features],
            "mlp": list(self.mlp),
            "l2": self.l2,
            "id_dropout": self.id_dropout,
            "use_id": self.use_id,
            "table": self.table if self.shared else None,
            "rows_of": self.rows_of,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        table = config.get("table")
        if isinstance(table, keras.layers.Layer):
            table = keras.saving.serialize_keras_object(table)
        return cls(**{**config, "table": keras.saving.deserialize_keras_object(table)})

    def _make_table(self, num_rows, name, rows_of):
        policy = {"dtype": self.dtype_policy}
        return EmbeddingTable(num_rows, self.dim, rows_of=rows_of, **policy, name=name)

    def _embed_id(self, ids, training):
        if training and self.id_dropout:
            drawn = keras.random.uniform(ops.shape(ids), dtype="float32", seed=self.seed_generator)
            dropped = ops.logical_and(drawn < self.id_dropout, ops.not_equal(ids, PADDING))
            ids = ops.where(dropped, ops.cast(UNKNOWN, ids.dtype), ids)
        rows = self.table(ids)
        if self.l2:
            real = ops.cast(ops.not_equal(ids, PADDING), "float32")
            squares = ops.sum(ops.square(ops.cast(rows, "float32")), axis=-1)
            loss = self.l2 * ops.sum(squares) / ops.maximum(ops.sum(real), 1.0)
            self.add_loss(ops.cast(loss, keras.config.floatx()))
        return rows

    def _encode_feature(self, feature, value):
        kind = feature["kind"]
        if kind == "number":
            return ops.cast(value, self.compute_dtype)[..., None]
        if kind == "vector":
            return ops.cast(value, self.compute_dtype)
        if kind == "image":
            return self.pictures[feature["name"]](value)
        embedded = self.feature_tables[feature["name"]](value)
        if kind == "category":
            return embedded
        real = ops.cast(ops.not_equal(value, PADDING), self.compute_dtype)[..., None]
        return ops.sum(embedded, axis=-2) / ops.maximum(ops.sum(real, axis=-2), 1.0)
