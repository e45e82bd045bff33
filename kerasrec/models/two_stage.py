"""Two stages as one model: a retriever finds candidates, a ranker orders them."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.retriever_scores import RETRIEVER_SCORE
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.models.nested_model import nested_config, nested_model
from kerasrec.models.recommender import Recommender
from kerasrec.models.stages import (
    check_stages,
    history_reader,
    only_of_retriever,
    stage_schema,
)
from kerasrec.models.top_k import NEVER
from kerasrec.register import register
from kerasrec.whole_number import whole_number

STAGES = ("retriever", "ranker")


@register
class TwoStage(Recommender):
    """The best items by a ranker, among the candidates of a retriever.

        candidates = the `num_candidates` best items of the retriever
        score(i) = the ranker's blend of its tasks, for each candidate i

    Exclude, allow and the seen filter are the retriever's, so that they take no places away. Both
    stages are trained apart and handed over; one checkpoint and one export hold both. A ranker that
    reads "retriever_score" (see `with_retriever_scores`) gets the score of each candidate. Users,
    items and values of the request that only the ranker knows are unknown to the retriever: such
    items are no candidates.

    Args:
        retriever: An adapted `Recommender` that ranks the catalog.
        ranker: An adapted `Ranker` whose users and items begin with those of the retriever. A
            feature of the request that both read continues the retriever's encoder.
        num_candidates: How many candidates are ranked; at most the number of items.

    Raises:
        InputError: for stages of other kinds, that are not adapted, or with other ids.

    Reference:
        Covington et al., Deep neural networks for YouTube recommendations, RecSys 2016.
    """

    trained = False
    context_read = False
    more_outputs = True

    def __init__(self, retriever, ranker, num_candidates=500, name=None):
        check_stages(retriever, ranker)
        schema = stage_schema(retriever, ranker)
        self_inputs = {}
        for stage in (retriever, ranker):
            for key, x in stage.query_model.input.items():
                if key != RETRIEVER_SCORE:
                    self_inputs.setdefault(key, keras.Input(x.shape[1:], dtype=x.dtype, name=key))
        query_model = keras.Model(self_inputs, dict(self_inputs), name="query_model")
        super().__init__(
            schema=schema,
            inputs=ranker.logit_model.input,
            outputs=ranker.logit_model.output,
            query_model=query_model,
            name=name,
        )
        self.retriever, self.ranker = retriever, ranker
        self.num_candidates = whole_number(num_candidates, "num_candidates", 1)
        self._candidates = min(self.num_candidates, schema.num_items - FIRST)
        if retriever.items is not None:
            self._take(retriever, ranker)

    @property
    def capabilities(self):
        return self.retriever.capabilities

    @property
    def features_read(self):
        found = zip(self.retriever.features_read, self.ranker.features_read, strict=True)
        return tuple(set(one) | set(other) for one, other in found)

    @property
    def unknown_user(self):
        return self.retriever.unknown_user

    @property
    def value_range(self):
        return self.retriever.value_range

    @property
    def order_read(self):
        return self.retriever.order_read or self.ranker.order_read

    def get_config(self):
        config = super().get_config()
        config = {key: value for key, value in config.items() if key != "schema"}
        for stage in STAGES:
            config[stage] = nested_config(getattr(self, stage))
        return {**config, "schema": self.schema.to_dict()}

    @classmethod
    def from_config(cls, config):
        # The schema and the dtype policy are those of the stages.
        config = {key: value for key, value in config.items() if key not in ("schema", "dtype")}
        repeats = config.pop("repeats", None)
        for stage in STAGES:
            config[stage] = nested_model(config[stage])
        model = cls(**config)
        if repeats is not None:
            model.repeats = repeats
        return model

    def adapt(self, train):
        raise InputError(
            "TwoStage.adapt: the stages are adapted and fitted apart, before they are put together"
        )

    def fit(self, *args, **kwargs):
        raise InputError(
            "TwoStage.fit: fit the retriever on Interactions and the ranker on Impressions, then "
            "put them together"
        )

    def encode_queries(self, inputs):
        return {name: np.asarray(inputs[name]) for name in self.query_inputs}

    def encode_catalog(self):
        return self.retriever.encode_catalog()

    def rank_catalog(self, queries, catalog, k, exclude=None, allow=None):
        found = self.retrieve(queries, catalog, max(k, self._candidates), exclude, allow)
        rows, scores = found["rows"], self._rank(queries, found["rows"], found["scores"])
        scores = ops.where(ops.equal(rows, PADDING), NEVER, scores)
        width = rows.shape[1]
        best, places = ops.top_k(scores, min(k, width))
        more = [[0, 0], [0, k - min(k, width)]]
        best, places = ops.pad(best, more, constant_values=NEVER), ops.pad(places, more)
        real = best != NEVER
        rows = ops.take_along_axis(rows, places, axis=1)
        first = ops.take_along_axis(found["scores"], places, axis=1)
        return {
            "rows": ops.where(real, rows, PADDING),
            "scores": best,
            "retriever_rank": ops.where(real, ops.cast(places, "int32") + 1, 0),
            "retriever_score": ops.where(real, first, 0.0),
        }

    def retrieve(self, queries, catalog, number, exclude=None, allow=None):
        """The retriever's answer: `rows` and `scores` `(n, number)`, as of `TopK`."""
        number = min(number, self.retriever.schema.num_items - FIRST)
        encoded = self._retriever_queries(queries)
        exclude = self._known(exclude, PADDING)
        return self.retriever.rank_catalog(
            encoded, catalog, number, exclude, self._known(allow, UNKNOWN)
        )

    def score_rows(self, queries, catalog, rows):
        return self.ranker.blended(self.score_tasks(queries, rows, catalog))

    def score_tasks(self, queries, rows, catalog=None):
        return self.ranker.score_tasks(self._of_pairs(queries, rows, catalog), rows)

    def score_pairs(self, inputs, items):
        return self.ranker.blended(self.predict_tasks(inputs, items))

    @property
    def feature_groups(self):
        return self.ranker.feature_groups

    def group_contributions(self, queries, rows, catalog=None):
        return self.ranker.group_contributions(self._of_pairs(queries, rows, catalog), rows)

    def predict_tasks(self, inputs, items):
        """As of the ranker, with the retriever's score of each pair."""
        queries, scores = self.encode_queries(inputs), None
        if self._reads_scores:
            known = np.asarray(self._known(np.asarray(items, "int32"), UNKNOWN))
            scores = self.retriever.score_pairs(self._of_retriever(queries), known)
        extra = {name: np.asarray(x) for name, x in self._extra(scores).items()}
        return self.ranker.predict_tasks({**self._of_ranker(queries), **extra}, items)

    @property
    def _reads_scores(self):
        return RETRIEVER_SCORE in self.ranker.query_inputs

    def _rank(self, queries, rows, scores):
        """Scores `(n, m)` of the ranker for candidates `(n, m)` with the retriever's scores."""
        return self.ranker.score_candidates(self._of_ranker(queries), rows, self._extra(scores))

    def _of_pairs(self, queries, rows, catalog):
        """The ranker's inputs for n queries with one item row each."""
        scores = None
        if self._reads_scores:
            catalog = self.encode_catalog() if catalog is None else catalog
            known = self._known(rows, UNKNOWN)
            scores = self.retriever.score_rows(self._retriever_queries(queries), catalog, known)
        return {**self._of_ranker(queries), **self._extra(scores)}

    def _of_ranker(self, queries):
        return {name: x for name, x in queries.items() if name in self.ranker.query_inputs}

    def _extra(self, scores):
        """The input of the ranker that is made of a retriever's scores."""
        if not self._reads_scores:
            return {}
        return {RETRIEVER_SCORE: self._scaled(scores, self.context[RETRIEVER_SCORE])}

    def _scaled(self, scores, encoder):
        real = ops.isfinite(scores)
        scores = (ops.where(real, scores, encoder.mean) - encoder.mean) / encoder.std
        return ops.cast(scores, "float32")

    def _retriever_queries(self, queries):
        inputs = self._of_retriever(queries)
        if isinstance(next(iter(inputs.values())), np.ndarray):
            return self.retriever.encode_queries(inputs)
        return ops.cast(self.retriever.query_model(inputs), "float32")

    def _of_retriever(self, queries):
        inputs = {name: queries[name] for name in self.retriever.query_inputs}
        sizes = {"user": self.retriever.schema.num_users}
        sizes["history"] = self.retriever.schema.num_items
        features = self.retriever.schema.context_features
        sizes |= {one.name: one.size for one in features if one.dtype == "int32"}
        for name, size in sizes.items():
            if name in inputs:
                x = inputs[name]
                where = np.where if isinstance(x, np.ndarray) else ops.where
                inputs[name] = where(x >= size, UNKNOWN, x)
        return inputs

    def _known(self, rows, otherwise):
        """Item rows, of which those that the retriever does not know are replaced."""
        if rows is None:
            return None
        if isinstance(rows, tuple):
            owner, rows = rows
            return owner, self._known(rows, otherwise)
        size = self.retriever.schema.num_items
        if isinstance(rows, np.ndarray):
            return np.where(rows >= size, otherwise, rows)
        return ops.where(rows >= size, ops.cast(otherwise, rows.dtype), rows)

    def _take(self, retriever, ranker):
        self.users, self.items = ranker.users, ranker.items
        self.behaviors = history_reader(retriever, ranker).behaviors
        self.context = {**ranker.context}
        for feature in only_of_retriever(retriever, ranker):
            self.context[feature.name] = retriever.context[feature.name]
        self.histories = retriever.histories.for_keys(self.schema.num_users)
        self.trained_on = retriever.trained_on
        self.repeats = retriever.repeats
