"""A model whose best items are re-ranked by rules."""

import keras
import numpy as np
from keras import ops

from kerasrec.config.rules import VECTORS, Rules
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.catalog_table import CatalogTable
from kerasrec.layers.category_caps import CategoryCaps
from kerasrec.layers.dpp_greedy import DPPGreedy
from kerasrec.layers.mmr import MMR
from kerasrec.layers.pinned_items import PinnedItems
from kerasrec.layers.row_list import RowList
from kerasrec.models.nested_model import nested_config, nested_model
from kerasrec.models.recommender import Recommender
from kerasrec.models.rule_columns import RuleColumns, group_features
from kerasrec.models.top_k import NEVER, mask_scores
from kerasrec.models.tower_model import TowerModel
from kerasrec.models.two_stage import TwoStage
from kerasrec.register import register
from kerasrec.tables.largest import largest
from kerasrec.whole_number import whole_number

FACTORS = ("factor", "penalty")


def _of_model(name):
    """A property that the wrapped model holds: it reads its own data when it ranks."""
    return property(
        lambda self: getattr(self.model, name),
        lambda self, value: setattr(self.model, name, value),
    )


@register
class Reranked(Recommender):
    """The best items of a model, after rules: diversity, caps, boosts, pins and others.

        relevance(i) = (score(i) - lowest) / (highest - lowest)     over the candidates of a query
        relevance(i) = relevance(i) * factor(i) - penalty(i)

    The rules are applied in this order, of which each step is left out where no rule asks for it:

    1. Excluded and pinned items are taken out, and the model finds its `num_candidates` best items.
       What a request excludes or allows, and the seen filter, count as for the model itself.
    2. The scores are scaled to 0 to 1. Equal scores are all 1.
    3. Boosts and freshness multiply the relevance, popularity damping is subtracted.
    4. The list is chosen item by item, by relevance or by `MMR` or `DPPGreedy`, always among the
       items whose categories are not full (`max_per`).
    5. Pinned items go to their positions, where the request does not rule them out.

    The score of an answer is the model's own, so scores may rise within a list. A list is as long
    as its candidates allow. Rules are data: the checkpoint holds them, `kerasrec.json` of an export
    shows them, and its graph applies them.

    The answers of a small `k` are the first ones of a larger `k`, up to `num_candidates`.

    Args:
        model: An adapted `Recommender` that ranks the catalog, of any kind.
        rules: `Rules`, or a dict of its arguments.
        num_candidates: How many items of the model are re-ranked; at most the number of items.

    Raises:
        InputError: for a model that is not adapted, or rules that name unknown items, features or
            values.
    """

    trained = False
    context_read = False

    users, items, behaviors = map(_of_model, ("users", "items", "behaviors"))
    context, histories = map(_of_model, ("context", "histories"))
    trained_on, has_labels = map(_of_model, ("trained_on", "has_labels"))

    def __init__(self, model, rules, num_candidates=500, name=None):
        if not isinstance(model, Recommender) or isinstance(model, Reranked):
            raise InputError(
                "Reranked: expected a model that recommends, without rules of its own, got "
                f"{type(model).__name__}"
            )
        rules = rules if isinstance(rules, Rules) else Rules(**rules)
        inputs = {
            key: keras.Input(x.shape[1:], dtype=x.dtype, name=key)
            for key, x in model.query_model.input.items()
        }
        super().__init__(
            schema=model.schema,
            inputs=inputs,
            outputs=dict(inputs),
            query_model=model.query_model,
            name=name,
        )
        self.model, self.rules = model, rules
        self.repeats = model.repeats
        self.num_candidates = whole_number(num_candidates, "num_candidates", 1)
        num_items = model.schema.num_items
        self._candidates = min(self.num_candidates, num_items - FIRST)
        self._bias_columns = self._find_vectors(model) if self._by == VECTORS else None
        self.item_factors = _table(num_items, [_number(name) for name in FACTORS], "item_factors")
        groups = group_features(rules, model.schema)
        groups = [
            {"name": one.name, "kind": one.kind, "size": one.size, "length": one.length}
            for one in groups.values()
        ]
        self.item_groups = _table(num_items, groups, "item_groups") if groups else None
        apart = len(rules.pin) + len(rules.exclude)
        self.set_apart = RowList(apart, num_items, name="set_apart") if apart else None
        if model.items is not None:
            self._attach()

    @property
    def capabilities(self):
        return self.model.capabilities

    @property
    def features_read(self):
        return self.model.features_read

    @property
    def unknown_user(self):
        return self.model.unknown_user

    @property
    def order_read(self):
        return self.model.order_read

    @property
    def query_size(self):
        width = 1
        if self._by == VECTORS:
            width = self.encode_catalog().shape[1]
        return max(self.model.query_size, self._candidates * width)

    def get_config(self):
        config = {**super().get_config(), "model": nested_config(self.model)}
        return {**config, "rules": self.rules.to_dict()}

    @classmethod
    def from_config(cls, config):
        left_out = ("schema", "repeats", "dtype")
        own = {key: value for key, value in config.items() if key not in left_out}
        reranked = cls(**{**own, "model": nested_model(own["model"])})
        reranked.repeats = config.get("repeats") or reranked.repeats
        return reranked

    def adapt(self, train):
        raise InputError("Reranked.adapt: adapt and fit the model before it is given rules")

    def fit(self, *args, **kwargs):
        raise InputError("Reranked.fit: fit the model before it is given rules")

    def encode_queries(self, inputs):
        return self.model.encode_queries(inputs)

    def encode_catalog(self):
        return self.model.encode_catalog()

    def score_catalog(self, queries, catalog):
        return self.model.score_catalog(queries, catalog)

    def score_rows(self, queries, catalog, rows):
        return self.model.score_rows(queries, catalog, rows)

    def score_pairs(self, inputs, items):
        return self.model.score_pairs(inputs, items)

    def score_items(self, inputs, items):
        return self.model.score_items(inputs, items)

    def contributions(self, inputs, history, items):
        return self.model.contributions(inputs, history, items)

    def score_tasks(self, queries, rows, catalog=None):
        return self.model.score_tasks(queries, rows, catalog)

    def predict_tasks(self, inputs, items):
        """As of the model, a `Ranker` or a `TwoStage`."""
        return self.model.predict_tasks(inputs, items)

    def rank_catalog(self, queries, catalog, k, exclude=None, allow=None):
        number = min(max(k, self._candidates), self.schema.num_items - FIRST)
        apart = None
        if self.set_apart is not None:
            apart = self.set_apart(keras.tree.flatten(queries)[0])
        found = self.model.rank_catalog(queries, catalog, number, _with(exclude, apart), allow)
        rows = ops.cast(found["rows"], "int32")
        chosen = self._choose(rows, self._relevance(rows, found["scores"]), catalog, k)
        scores = ops.take_along_axis(found["scores"], chosen["places"], axis=1)
        scores = ops.where(ops.equal(chosen["rows"], PADDING), NEVER, scores)
        answer = {"rows": chosen["rows"], "scores": ops.cast(scores, "float32")}
        return self._pinned(answer, queries, catalog, apart, exclude, allow)

    def _relevance(self, rows, scores):
        scores, real = ops.cast(scores, "float32"), ops.not_equal(rows, PADDING)
        highest = ops.max(ops.where(real, scores, NEVER), axis=1, keepdims=True)
        lowest = ops.min(ops.where(real, scores, -NEVER), axis=1, keepdims=True)
        spread = ops.where(highest > lowest, highest - lowest, 1.0)
        below = ops.where(real, highest - scores, 0.0)
        items = self.item_factors(rows)
        relevance = (1.0 - below / spread) * items["factor"] - items["penalty"]
        return ops.where(real, relevance, NEVER)

    def _choose(self, rows, relevance, catalog, k):
        rules = self.rules
        values = self.item_groups(rows) if self.item_groups is not None else {}
        limits, groups = list(rules.max_per.values()), [values[name] for name in rules.max_per]
        if rules.diversity is not None:
            cls = {"mmr": MMR, "dpp": DPPGreedy}[rules.diversity.method]
            features = values.get(self._by)
            if features is None:
                width = catalog.shape[1] - self._bias_columns
                features = ops.take(catalog, rows, axis=0)[..., :width]
            return cls(k, rules.diversity.weight, limits)(rows, relevance, features, groups)
        if limits:
            return CategoryCaps(k, limits)(rows, relevance, groups)
        best, places = largest(relevance, k)
        places = ops.cast(places, "int32")
        rows = ops.where(best > NEVER, ops.take_along_axis(rows, places, axis=1), PADDING)
        return {"rows": rows, "places": places}

    def _pinned(self, answer, queries, catalog, apart, exclude, allow):
        positions = [pin.position for pin in self.rules.pin]
        if not positions:
            return answer
        pinned = apart[:, : len(positions)]
        every = ops.zeros((ops.shape(pinned)[0], self.schema.num_items))
        every = mask_scores(every, exclude, allow)
        allowed = ops.take_along_axis(every, pinned, axis=1) > NEVER
        # A ranker's queries are arrays in Python, which a layer does not take beside tensors.
        queries = keras.tree.map_structure(ops.convert_to_tensor, queries)
        scores = [
            self.model.score_rows(queries, catalog, pinned[:, number])
            for number in range(len(positions))
        ]
        scores = ops.stack([ops.cast(one, "float32") for one in scores], axis=1)
        pinned = ops.where(allowed, pinned, PADDING)
        return PinnedItems(positions)(answer["rows"], answer["scores"], pinned, scores)

    @property
    def _by(self):
        """What diversity compares: "vectors", the name of a category, or None without diversity."""
        return None if self.rules.diversity is None else self.rules.diversity.by

    def _find_vectors(self, wrapped):
        """The bias columns of the item vectors that diversity compares."""
        first = wrapped.retriever if isinstance(wrapped, TwoStage) else wrapped
        if not isinstance(first, TowerModel):
            raise InputError(
                f"rules: diversity: {type(first).__name__} has no item vectors: give the name of a "
                "category with by"
            )
        return first.bias_columns or 0

    def _attach(self):
        found = RuleColumns.of(self.rules, self.model)
        self.item_factors.assign({"factor": found.factor, "penalty": found.penalty})
        if self.item_groups is not None:
            self.item_groups.assign(found.groups)
        if self.set_apart is not None:
            self.set_apart.assign(np.concatenate([found.pinned, found.excluded]))


def _with(exclude, rows):
    """`exclude` of `TopK`, and `rows` `(n, some)` of each query."""
    if rows is None:
        return exclude
    if exclude is None:
        return rows
    if isinstance(exclude, tuple):
        queries = ops.arange(ops.shape(rows)[0], dtype="int32")[:, None]
        more = ops.broadcast_to(queries, ops.shape(rows)), rows
        return tuple(
            ops.concatenate([ops.cast(column, "int32"), ops.reshape(added, (-1,))])
            for column, added in zip(exclude, more, strict=True)
        )
    return ops.concatenate([ops.cast(exclude, "int32"), rows], axis=1)


def _number(name):
    return {"name": name, "kind": "number", "size": 1, "length": 1}


def _table(num_items, features, name):
    return CatalogTable(num_items, features, rows_of="items", name=name)
