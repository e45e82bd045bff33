"""The inputs of an item encoder."""

import keras

from kerasrec.layers.known_items import KnownItems


class ItemInputs:
    """Keras inputs of an item encoder, and the encoder made of them.

    An item without train interactions is shown as the unknown item, see `KnownItems`.

    Args:
        features: Dict of Keras inputs of item features, as of `CatalogTable.inputs`.
        id_dropout: Share of known items shown as unknown in training.

    Attributes:
        row: Item rows `(n,)` int32.
        count: Train interactions of each item `(n,)` float32.
        known: Rows for an id embedding: `row`, or the unknown row.
        seen: Counts that belong to `known`: 0 for an item shown as unknown.
        features: As given.

    Example:

    >>> from kerasrec.layers import EmbeddingTable
    >>> from kerasrec.models import ItemInputs
    >>> item, table = ItemInputs(), EmbeddingTable(10, 4)
    >>> item.encoder(table(item.known)).output.shape
    (None, 4)
    """

    def __init__(self, features=None, id_dropout=0.0):
        self.features = features or {}
        self.row = keras.Input((), dtype="int32", name="item")
        self.count = keras.Input((), dtype="float32", name="count")
        self.known, self.seen = KnownItems(id_dropout, name="known_item")(self.row, self.count)

    def encoder(self, vectors):
        """The functional model from these inputs to item vectors `(n, dim)`."""
        return keras.Model({"item": self.row, "count": self.count, **self.features}, vectors)
