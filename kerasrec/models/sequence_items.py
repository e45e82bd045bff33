"""The item vectors that a sequence model reads and ranks: of ids, or of ids and content."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.content_encoder import ContentEncoder
from kerasrec.layers.embedding_tower import EmbeddingTower
from kerasrec.layers.feature_rows import KINDS
from kerasrec.models.catalog_tables import item_code, item_table
from kerasrec.models.history_inputs import HistoryInputs
from kerasrec.models.item_inputs import ItemInputs
from kerasrec.models.item_tower import ItemTower
from kerasrec.models.user_inputs import ALONE, UserInputs

ENCODER = "code"
# Length of the code of all features of an item, see `FeatureCode`.
CODE_DIM = 256
# Largest share of items whose id is hidden in training, so that the content learns to stand alone.
ID_DROPOUT = 0.1


class SequenceItems:
    """One vector for each item, the same in a history and as a candidate.

        X_i = V_i                         without features
        X_i = V_i + W [V_i, C_i] + b      with features, C_i = A code_i + a

    V are vectors of ids, and the code is all features of an item as one short vector, computed at
    `adapt`: a step costs the same whatever the features are. An item without train interactions has
    the vector V of the unknown item, so with features its content alone distinguishes it.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        dropout: Share of what is left out in training, of each at most a tenth: ids of items with
            features, histories of users with features, and behaviors and times of histories.
        features: Read the features of items, and have `user` read those of users.

    Attributes:
        catalog: The `CatalogTable` of the items.
        code: `FeatureCode`, None without item features.
        item: `ItemInputs`, the inputs of the item encoder.
        vectors: `(n, dim)`, made of `item`.
        user: `UserInputs`, None without user features.
        alone: Share of the histories that are left out in training.

    Raises:
        InputError: with `features`, for data without a feature that can be read.

    Example:

    >>> from kerasrec.data import load
    >>> from kerasrec.models import SequenceItems
    >>> schema = load("synthetic", users=50, items=100).schema()
    >>> items = SequenceItems(schema, 8, dropout=0.1, features=True)
    >>> items.history().vectors.shape, items.vectors.shape
    ((None, None, 8), (None, 8))
    """

    def __init__(self, schema, dim, dropout=0.0, features=False):
        has_content = features and any(one.kind in KINDS for one in schema.item_features)
        if features and not has_content and not schema.user_features:
            raise InputError(
                "features=True, and this data has no feature of users, and none of items that is "
                "words, categories, numbers or vectors: leave it out"
            )
        self.schema = schema
        self.dim = dim
        self.dropout = dropout
        self.code = item_code(schema, ENCODER, CODE_DIM) if has_content else None
        self.catalog = item_table(schema, CODE_DIM if has_content else 0)
        self.user = UserInputs(schema) if features and schema.user_features else None
        self.alone = min(dropout, ALONE) if self.user else 0.0
        self._ids = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        if not has_content:
            self.item = ItemInputs()
            self._layer = self._ids
        else:
            encode = ContentEncoder(self.catalog.features, dim, ENCODER, name="content")
            self.item = ItemInputs(self.catalog.inputs(encode.read), min(dropout, ID_DROPOUT))
            self._content = encode(self.item.features)
        self.vectors = self.of_ids(self._ids, "joined")
        if has_content:
            encoder = self.item.encoder(self.vectors)
            self._layer = ItemTower(self.catalog, encoder, name="history_items")

    def of_ids(self, ids, name):
        """Vectors `(n, dim)` of the ids of another `EmbeddingTower` and the same content."""
        vectors = ids(self.item.known)
        if self.code is None:
            return vectors
        join = keras.layers.Dense(self.dim, name=name)
        return vectors + join(ops.concatenate([vectors, self._content], axis=-1))

    def history(self):
        """The `HistoryInputs` that read these vectors."""
        known_only = self.code is None
        return HistoryInputs(self.schema, self._layer, self.catalog, self.dropout, known_only)
