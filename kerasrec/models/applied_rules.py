"""What `Rules` say about the items of a model, as weights, and the choice of a list by them."""

import keras
import numpy as np
from keras import ops

from kerasrec.config.rules import VECTORS
from kerasrec.data.vocabulary import PADDING
from kerasrec.layers.catalog_table import CatalogTable
from kerasrec.layers.category_caps import CategoryCaps
from kerasrec.layers.dpp_greedy import DPPGreedy
from kerasrec.layers.mmr import MMR
from kerasrec.layers.row_list import RowList
from kerasrec.models.rule_columns import group_features
from kerasrec.models.top_k import NEVER
from kerasrec.tables.largest import largest

FACTORS = ("factor", "penalty")
DIVERSITY = {"mmr": MMR, "dpp": DPPGreedy}


class AppliedRules(keras.layers.Layer):
    """Chooses k candidates by `Rules`; `Reranked` describes the steps.

    Args:
        rules: `Rules`.
        schema: `Schema` of the model.

    Call arguments:
        rows: `(batch, n)` int item rows, the candidates; 0 is padding.
        scores: `(batch, n)` float scores of the model.
        vectors: `(batch, n, dim)` vectors of the candidates, where diversity compares them.
        k: Items to choose.
        factor: `(batch, n)` float, by which the relevance is multiplied too. Optional.

    Output:
        Dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, those of the model.
    """

    def __init__(self, rules, schema, **kwargs):
        # No autocast: half precision would round the scores and change their order.
        super().__init__(autocast=False, **kwargs)
        self.rules = rules
        size = schema.num_items
        numbers = [{"name": name, "kind": "number", "size": 1, "length": 1} for name in FACTORS]
        self.item_factors = CatalogTable(size, numbers, rows_of="items", name="item_factors")
        groups = [
            {"name": one.name, "kind": one.kind, "size": one.size, "length": one.length}
            for one in group_features(rules, schema).values()
        ]
        self.item_groups = None
        if groups:
            self.item_groups = CatalogTable(size, groups, rows_of="items", name="item_groups")
        apart = len(rules.pin) + len(rules.exclude)
        self.set_apart = RowList(apart, size, name="set_apart") if apart else None

    @property
    def reads_vectors(self):
        """Whether diversity compares vectors."""
        return self.rules.diversity is not None and self.rules.diversity.by == VECTORS

    def assign(self, columns):
        """Fills the tables from `RuleColumns`."""
        self.item_factors.assign({"factor": columns.factor, "penalty": columns.penalty})
        if self.item_groups is not None:
            self.item_groups.assign(columns.groups)
        if self.set_apart is not None:
            self.set_apart.assign(np.concatenate([columns.pinned, columns.excluded]))

    def apart(self, queries):
        """Rows of the pinned items, and of the excluded ones, of each query; None without any."""
        if self.set_apart is None:
            return None, None
        rows = self.set_apart(keras.tree.flatten(queries)[0])
        pinned = len(self.rules.pin)
        return rows[:, :pinned], rows[:, pinned:]

    def call(self, rows, scores, vectors, k, factor=None):
        rows, scores = ops.cast(rows, "int32"), ops.cast(scores, "float32")
        chosen = self._choose(rows, self._relevance(rows, scores, factor), vectors, k)
        scores = ops.take_along_axis(scores, chosen["places"], axis=1)
        scores = ops.where(ops.equal(chosen["rows"], PADDING), NEVER, scores)
        return {"rows": chosen["rows"], "scores": scores}

    def _relevance(self, rows, scores, factor):
        real = ops.not_equal(rows, PADDING)
        highest = ops.max(ops.where(real, scores, NEVER), axis=1, keepdims=True)
        lowest = ops.min(ops.where(real, scores, -NEVER), axis=1, keepdims=True)
        spread = ops.where(highest > lowest, highest - lowest, 1.0)
        below = ops.where(real, highest - scores, 0.0)
        items = self.item_factors(rows)
        relevance = (1.0 - below / spread) * items["factor"]
        if factor is not None:
            relevance = relevance * factor
        relevance = relevance - items["penalty"]
        return ops.where(real, relevance, NEVER)

    def _choose(self, rows, relevance, vectors, k):
        rules = self.rules
        values = self.item_groups(rows) if self.item_groups is not None else {}
        limits, groups = list(rules.max_per.values()), [values[name] for name in rules.max_per]
        if rules.diversity is not None:
            features = vectors if self.reads_vectors else values[rules.diversity.by]
            layer = DIVERSITY[rules.diversity.method](k, rules.diversity.weight, limits)
            return layer(rows, relevance, features, groups)
        if limits:
            return CategoryCaps(k, limits)(rows, relevance, groups)
        best, places = largest(relevance, k)
        places = ops.cast(places, "int32")
        rows = ops.where(best > NEVER, ops.take_along_axis(rows, places, axis=1), PADDING)
        return {"rows": rows, "places": places}
