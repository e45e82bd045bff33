"""A model whose best items are re-ranked by rules."""

import operator

import keras
from keras import ops

from kerasrec.config.rules import Rules
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.pinned_items import PinnedItems
from kerasrec.models.applied_rules import AppliedRules
from kerasrec.models.nested_model import nested_config, nested_model
from kerasrec.models.recommender import Recommender
from kerasrec.models.rule_columns import RuleColumns
from kerasrec.models.top_k import NEVER, mask_scores
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
        apart = self.applied.apart(queries)
        found = self.model.rank_catalog(queries, catalog, number, _with(exclude, apart), allow)
        vectors = None
        if self.applied.reads_vectors:
            width = catalog.shape[1] - self._bias_columns
            vectors = ops.take(catalog, found["rows"], axis=0)[..., :width]
        answer = self.applied(found["rows"], found["scores"], vectors=vectors, k=k)
        return self._pinned(answer, queries, catalog, apart, exclude, allow)

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


def _bias_columns(wrapped):
    """The bias columns of the item vectors that diversity compares: those of the first stage."""
    stage = wrapped.retriever if isinstance(wrapped, TwoStage) else wrapped
    if not isinstance(stage, TowerModel):
        raise InputError(
            f"rules: diversity: {type(stage).__name__} has no item vectors: give the name of a "
            "category with by"
        )
    return stage.bias_columns or 0


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
