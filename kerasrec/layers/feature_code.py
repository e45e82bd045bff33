"""Compresses all features of an item to one short code."""

import keras
import numpy as np
import scipy.sparse
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.denoising_autoencoder import denoising_autoencoder
from kerasrec.layers.embedding_table import PADDING
from kerasrec.layers.feature_rows import BAGS, KINDS, feature_rows
from kerasrec.register import register
from kerasrec.tables import rows as tables
from kerasrec.tables.principal_directions import principal_directions


@register
class FeatureCode(keras.layers.Layer):
    """Encodes words, categories, numbers and vectors as the code that reconstructs them best.

        x          = the item's row of `feature_rows`: bags of words by TF-IDF, numbers, vectors
        components   code = x E,   E = argmin over E' E = I of |X - X E E'|^2
        autoencoder  code = tanh(x W),   W of `denoising_autoencoder`

    where X are the items of `adapt`. The components are the best linear autoencoder of length
    `dim`; with text features only they are latent semantic analysis. `adapt` computes E or W, and
    `fit` does not change it. An item without features gets zeros.

    Args:
        features: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`.
        dim: Length of the code. Components beyond the rank of X are zeros.
        method: "components" or "autoencoder".
        feature_weights: Dict of name to how many times a feature counts in the dot product of two
            items; 1 for those left out. None for 1 each.

    Call arguments:
        features: Dict of name to tensor, as returned by `CatalogTable`.

    Input shape:
        A feature `(batch,)` (category, number), `(batch, length)` (categories, text) or
        `(batch, size)` (vector).

    Output shape:
        `(batch, dim)` float32; the mean squared length over the items of `adapt` is 1.

    Raises:
        InputError: for an unknown method, no feature to encode, a wrong `dim`, or a feature weight
            that is negative, not finite or of no feature here.

    Example:

    >>> import numpy as np
    >>> genre = {"name": "genre", "kind": "category", "size": 4, "length": 1}
    >>> code = FeatureCode([genre], dim=2)
    >>> code.adapt({"genre": np.array([2, 2, 3])})
    >>> code({"genre": np.array([2, 3, 0])}).shape
    TensorShape([3, 2])

    Reference:
        Baldi, Hornik, Neural networks and principal component analysis, 1989 (the optimum of a
        linear autoencoder); Deerwester et al., Indexing by latent semantic analysis, 1990.
    """

    def __init__(self, features, dim, method="components", feature_weights=None, **kwargs):
        super().__init__(**kwargs)
        if method not in METHODS:
            raise InputError(f"method: expected one of {', '.join(METHODS)}, received {method!r}")
        self.features = [dict(feature) for feature in features if feature["kind"] in KINDS]
        if not self.features:
            raise InputError(
                "FeatureCode: expected at least one feature to encode, received none; it reads no "
                "pictures without a backbone and no users"
            )
        if int(dim) != dim or dim < 1:
            raise InputError(f"dim: expected a whole number from 1, received {dim!r}")
        self.dim = dim
        self.method = method
        if not isinstance(feature_weights, (dict, type(None))):
            raise InputError(
                f"feature_weights: expected a dict of name to weight, got {feature_weights!r}"
            )
        self.feature_weights = dict(feature_weights or {})
        self._check_weights()
        fixed = {"trainable": False, "autocast": False, "dtype": "float32"}
        self.tables, self.weighting = {}, {}
        for feature in self.features:
            name, size = feature["name"], feature["size"]
            self.tables[name] = self.add_weight(
                shape=(size, dim), initializer="zeros", name=f"{name}_table", **fixed
            )
            shape = (size,) if feature["kind"] in BAGS else ()
            self.weighting[name] = self.add_weight(
                shape=shape, initializer="ones", name=f"{name}_weighting", **fixed
            )
            if feature["kind"] in BAGS:
                tables.declare_vocabulary(self.tables[name], "values")
                tables.declare_vocabulary(self.weighting[name], "values")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale", **fixed)
        self.built = True

    def adapt(self, columns):
        """Computes the code from items.

        Args:
            columns: Dict of name to array with one row per item, as for `CatalogTable.assign`.
        """
        rows, weights = feature_rows(self.features, columns)
        sizes = [feature["size"] for feature in self.features]
        factors = [self.feature_weights.get(feature["name"], 1.0) for feature in self.features]
        factors = scipy.sparse.diags(np.repeat(np.sqrt(factors), sizes))
        rows = (rows @ factors).tocsr()
        compute_table, activation = METHODS[self.method]
        table = compute_table(rows, self.dim)
        code = ops.convert_to_numpy(activation(rows @ table))
        length = np.sqrt(np.mean(np.sum(code**2, axis=1)))
        self.scale.assign(1 / max(length, 1e-12))
        table = factors @ table
        for feature, part in zip(
            self.features, np.split(table, np.cumsum(sizes)[:-1]), strict=True
        ):
            self.tables[feature["name"]].assign(part)
            self.weighting[feature["name"]].assign(weights[feature["name"]])

    def forget_words_beyond(self, features):
        """Sets the code of words to zero that are not in the older `Feature`s given."""
        sizes = {feature.name: feature.size for feature in features}
        for name, table in self.tables.items():
            value = np.array(ops.convert_to_numpy(table))
            value[sizes[name] :] = 0.0
            table.assign(value)

    def call(self, features):
        code = sum(
            self._encode_feature(feature, features[feature["name"]]) for feature in self.features
        )
        return self.scale * METHODS[self.method][1](code)

    def compute_output_spec(self, features):
        batch = features[self.features[0]["name"]].shape[0]
        return keras.KerasTensor((batch, self.dim), "float32")

    def _check_weights(self):
        known = {feature["name"] for feature in self.features}
        for name, weight in self.feature_weights.items():
            if name not in known:
                raise InputError(
                    f"feature_weights: there is no feature {name!r} to encode; there are "
                    f"{', '.join(sorted(known))}"
                )
            number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
            if not number or not 0 <= weight < np.inf:
                raise InputError(
                    f"feature_weights: {name}: expected a weight of at least 0, got {weight!r}"
                )

    def _encode_feature(self, feature, value):
        name, kind = feature["name"], feature["kind"]
        table, weighting = self.tables[name], self.weighting[name]
        if kind == "number":
            return ops.cast(value, "float32")[:, None] * table
        if kind == "vector":
            return ops.matmul(ops.cast(value, "float32"), table) * weighting
        ids = value[:, None] if kind == "category" else value
        weight = ops.take(weighting, ids, axis=0) * ops.cast(ids != PADDING, "float32")
        length = ops.sqrt(ops.sum(ops.square(weight), axis=-1, keepdims=True))
        weight = weight / ops.maximum(length, 1e-12)
        return ops.einsum("bl,bld->bd", weight, ops.take(table, ids, axis=0))


# Method -> function that computes the table, and activation of features times table.
METHODS = {
    "components": (principal_directions, lambda code: code),
    "autoencoder": (denoising_autoencoder, ops.tanh),
}
