"""What a sequence model reads of a history."""

import functools

from keras import ops

from kerasrec.data.query_spec import query_spec, step_context
from kerasrec.layers.known_items import KnownItems
from kerasrec.layers.step_context import StepContext
from kerasrec.models.query_input import query_input

# The last bucket is open and begins after 2^25 - 1 seconds, about 388 days.
TIME_GAP_BUCKETS = 26
CONTEXT_DROPOUT = 0.1


class HistoryInputs:
    """Keras inputs of a history, and its steps as vectors.

        x_t = items(i_t) [+ B[behavior_t]] [+ G[time since the step before]]

    Behaviors and times are read where the data has them, see `StepContext`. In training they are
    left out of a share of the histories, so that a history without them is known as well. An item
    without train interactions is read as the unknown item, see `KnownItems`.

    Args:
        schema: `Schema` of the data.
        items: Layer from item rows `(batch, length)` to vectors `(batch, length, dim)`.
        catalog: The `CatalogTable` of `item_table(schema)`.
        dropout: Share of the histories without behaviors, and without times, in training; at most
            `CONTEXT_DROPOUT`.
        known_only: Read an item without train interactions as the unknown item. False for `items`
            that also read features.

    Attributes:
        inputs: Dict of Keras inputs: `history`, `behavior` and `time_gap`, those that there are.
        rows: Item rows `(batch, length)` int32, 0 is padding.
        mask: `(batch, length)`, True at real steps.
        context: The inputs other than `history`.
        item_vectors: Vectors of the items `(batch, length, dim)`, without context.

    Example:

    >>> from kerasrec.data import load
    >>> from kerasrec.layers import EmbeddingTower
    >>> from kerasrec.models import HistoryInputs, item_table
    >>> schema = load("synthetic", users=50, items=100).schema()
    >>> items = EmbeddingTower(schema.num_items, 8)
    >>> history = HistoryInputs(schema, items, item_table(schema))
    >>> history.vectors.shape, sorted(history.inputs)
    ((None, None, 8), ['history', 'time_gap'])
    """

    def __init__(self, schema, items, catalog, dropout=0.0, known_only=True):
        self.schema = schema
        self.items = items
        self.catalog = catalog
        self.context = {
            each.name: query_input(each.name) for each in step_context(query_spec(schema))
        }
        self.rows = query_input("history")
        self.inputs = {"history": self.rows, **self.context}
        self.mask = ops.not_equal(self.rows, 0)
        self._known = KnownItems(name="known_items") if known_only else None
        self.item_vectors = self.embed(self.rows)
        buckets = TIME_GAP_BUCKETS if schema.timed else 0
        self._step_context = StepContext(
            schema.num_behaviors,
            buckets,
            dropout=min(dropout, CONTEXT_DROPOUT),
            name="step_context",
        )

    @functools.cached_property
    def vectors(self):
        """Vectors of the steps `(batch, length, dim)`: items and context."""
        return self.add_context(self.item_vectors, **self.context)

    def embed(self, rows):
        """Item rows `(batch, length)` as vectors, by the layers that read the history."""
        if self._known is not None:
            rows, _ = self._known(rows, self.catalog(rows)["count"])
        return self.items(rows)

    def add_context(self, vectors, **context):
        """Vectors with those of `behavior` and `time_gap` added."""
        return self._step_context(vectors, **context)
