"""A model whose best items are re-ranked by rules."""

import operator

import keras
from keras import ops

from kerasrec.config.rules import Rules
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.pinned_items import PinnedItems
from kerasrec.models.applied_rules import AppliedRules
from kerasrec.models.model_pool import ModelPool
from kerasrec.models.nested_model import nested_config, nested_model
from kerasrec.models.recommender import Recommender
from kerasrec.models.row_lists import distinct, joined, padding_last, permitted, places_in
from kerasrec.models.rule_columns import RuleColumns
from kerasrec.models.top_k import NEVER
from kerasrec.models.tower_model import TowerModel
from kerasrec.models.two_stage import TwoStage
from kerasrec.register import register
from kerasrec.whole_number import whole_number


def _of_model(name):
    """A property that the wrapped model holds: it reads its own data when it ranks."""
    read = operator.attrgetter(f"model.{name}")
    return property(read, lambda self, value: setattr(self.model, name, value))


@register
class Reranked(Recommender):
    """The best items of a model, after rules: diversity, caps, boosts, pins and others.

        relevance(i) = (score(i) - lowest) / (highest - lowest)     over the candidates of a query
        relevance(i) = relevance(i) * factor(i) - penalty(i)

    The rules are applied in this order, of which each step is left out where no rule asks for it:

    1. Excluded and pinned items are taken out, and the model finds its `num_candidates` best items.
       What a request excludes or allows, and the seen filter, count as for the model itself.
    2. The scores are scaled to 0 to 1. Equal scores are all 1.
    3. Boosts, freshness and price multiply the relevance, popularity damping is subtracted.
    4. The list is chosen item by item, by relevance or by `MMR` or `DPPGreedy`, always among the
       items whose categories are not full (`max_per`).
    5. Pinned items go to their positions, where the request does not rule them out.
    6. What a request itself pins comes first, in its order, and the list of the rules behind it.

    A request may boost and pin items too. Its boosts count as those of the rules in step 3. Its
    pins are taken out in step 1; one that is excluded, not allowed or seen is not shown.

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
    # What is asked of the vectors and the scores, which stay those of the model.
    searchable, bias_columns = map(_of_model, ("searchable", "bias_columns"))
    scores_are_logits = _of_model("scores_are_logits")
    content_columns, content_encoder = map(_of_model, ("content_columns", "content_encoder"))
    content_scores, content_directions = map(_of_model, ("content_scores", "content_directions"))
    catalog, code, item_tower = map(_of_model, ("catalog", "code", "item_tower"))
    user_catalog = _of_model("user_catalog")
    feature_groups, attend, gates = map(_of_model, ("feature_groups", "attend", "gates"))

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
            given_query_model=model.given_query_model,
            name=name,
        )
        self.model, self.rules = model, rules
        self.repeats = model.repeats
        self.num_candidates = whole_number(num_candidates, "num_candidates", 1)
        self._candidates = min(self.num_candidates, model.schema.num_items - FIRST)
        self.applied = AppliedRules(rules, model.schema, name="applied")
        self._bias_columns = _bias_columns(model) if self.applied.reads_vectors else None
        if model.items is not None:
            self.applied.assign(RuleColumns.of(rules, model))

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
    def value_range(self):
        return self.model.value_range

    @property
    def order_read(self):
        return self.model.order_read

    @property
    def query_size(self):
        width = 1
        if self.applied.reads_vectors:
            width = self.encode_catalog().shape[1]
        return max(self.model.query_size, self._candidates * width)

    def get_config(self):
        config = {**super().get_config(), "model": nested_config(self.model)}
        return {**config, "rules": self.rules.to_dict()}

    @classmethod
    def from_config(cls, config):
        left_out = ("schema", "repeats", "dtype", "scores_are_logits")
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

    def group_contributions(self, queries, rows, catalog=None):
        return self.model.group_contributions(queries, rows, catalog)

    def score_tasks(self, queries, rows, catalog=None):
        return self.model.score_tasks(queries, rows, catalog)

    def predict_tasks(self, inputs, items):
        """As of the model, a `Ranker` or a `TwoStage`."""
        return self.model.predict_tasks(inputs, items)

    def pool_size(self, k):
        return min(max(k, self._candidates), self.schema.num_items - FIRST)

    def rank_catalog(self, queries, catalog, k, exclude=None, allow=None, **wishes):
        """As of every model, with the `pin`, `boost` and `boost_factor` of `rerank`."""
        pool = ModelPool(self.model, queries, catalog)
        return self.rerank(pool, queries, k, exclude, allow, **wishes)

    def rerank(
        self, pool, queries, k, exclude=None, allow=None, pin=None, boost=None, boost_factor=None
    ):
        size = self.schema.num_items
        pinned, excluded = self.applied.apart(queries)
        never = joined(exclude, excluded)
        if pin is not None:
            pin = permitted(distinct(pin), never, allow, size)
        apart = joined(joined(never, pinned), pin)
        found = pool.best(self.pool_size(k), apart, allow)
        vectors = None
        if self.applied.reads_vectors:
            vectors = pool.vectors(found["rows"])
            vectors = vectors[..., : vectors.shape[-1] - self._bias_columns]
        factor = None if boost is None else self._boosted(found["rows"], boost, boost_factor)
        answer = self.applied(found["rows"], found["scores"], vectors=vectors, k=k, factor=factor)
        if self.rules.pin:
            pinned = permitted(pinned, joined(never, pin), allow, size)
            positions = [each.position for each in self.rules.pin]
            scores = pool.scores(pinned)
            answer = PinnedItems(positions)(answer["rows"], answer["scores"], pinned, scores)
        if pin is not None:
            answer = _behind(pin, answer, k, pool)
        return answer

    def _boosted(self, rows, boost, factors):
        """The factor of each candidate `(n, number)`, 1 where the request has none."""
        places = places_in(rows, distinct(boost), self.schema.num_items)
        factors = ops.reshape(ops.cast(factors, "float32"), (-1,))
        factors = ops.pad(factors, [[1, 0]], constant_values=1.0)
        return ops.where(ops.equal(rows, PADDING), 1.0, ops.take(factors, places + 1))


def _behind(pin, answer, k, pool):
    """The `answer` behind the rows of `pin` `(n, any)`, in their order."""
    pin = ops.take_along_axis(pin, padding_last(pin)[:, :k], axis=1)
    scores = ops.where(ops.equal(pin, PADDING), NEVER, pool.scores(pin))
    rows = ops.concatenate([pin, answer["rows"]], axis=1)
    scores = ops.concatenate([scores, answer["scores"]], axis=1)
    order = padding_last(rows)[:, :k]
    return {
        "rows": ops.reshape(ops.take_along_axis(rows, order, axis=1), (-1, k)),
        "scores": ops.reshape(ops.take_along_axis(scores, order, axis=1), (-1, k)),
    }


def _bias_columns(wrapped):
    """The bias columns of the item vectors that diversity compares: those of the first stage."""
    stage = wrapped.retriever if isinstance(wrapped, TwoStage) else wrapped
    if not isinstance(stage, TowerModel):
        raise InputError(
            f"rules: diversity: {type(stage).__name__} has no item vectors: give the name of a "
            "category with by"
        )
    return stage.bias_columns or 0
