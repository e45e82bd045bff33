"""The base class of models whose scores are a query times a table of neighbours."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.popular_scores import PopularScores
from kerasrec.models.checks.finite_weights import is_finite
from kerasrec.models.predict import predict
from kerasrec.models.query_input import query_input
from kerasrec.models.recommender import SCORES_AT_ONCE, Recommender

MAX_PAIRS = 1024


class NeighbourModel(Recommender):
    """A model whose tables are counted or solved for, not trained.

    `adapt` calls `find_neighbours` and assigns the tables to the layer `scores`. Ranking,
    evaluation, checkpoint and export work as for every other model.

    Args:
        schema: `Schema` of the data.
        scores: The layer with the tables: `NeighbourScores`, `TransitionScores` or `TableScores`
            for a history, `UserNeighbourScores` or `NeighbourRatings` for a user. Called with the
            query, it gives the scores of all items `(batch, num_items)`. An empty history, or a
            user without neighbours, gets the popular items.
        query: Names of the inputs of a query: "history", or "user" and what else `scores` reads of
            it, by keyword.
        rates: Whether a score estimates a rating. `scores` must then accept a user and an item too,
            and give the rating `(batch,)` of that pair.
    """

    steps = "last"
    trained = False

    def __init__(self, *, schema, scores, query=("history",), rates=False, name=None):
        inputs = {name: query_input(name) for name in query}
        item = keras.Input((), dtype="int32", name="item")
        first, *more = inputs.values()
        more = dict(zip(query[1:], more, strict=True))
        all_scores, popular = scores(first, **more), None
        if query == ("history",):
            popular = PopularScores(schema.num_items, name="popular_scores")
            all_scores = popular(all_scores, first)
        if rates:
            item_scores = scores(first, item, **more)[:, None]
        else:
            item_scores = ops.take_along_axis(all_scores, item[:, None], axis=1)
        super().__init__(
            schema=schema,
            inputs={**inputs, "item": item},
            outputs=item_scores,
            query_model=keras.Model(inputs, all_scores, name="query_model"),
            name=name,
        )
        self.neighbour_scores = scores
        self.popular_scores = popular
        self.capabilities = frozenset({"users", "histories"} if "history" in query else {"users"})
        self.predicts_values = rates

    @property
    def counted(self):
        return not self.predicts_values

    @property
    def unknown_user(self):
        return "with the baseline alone" if self.predicts_values else "with what is popular"

    def adapt(self, train):
        super().adapt(train)
        self.neighbour_scores.assign(*self.find_neighbours(train))
        if not all(map(is_finite, self.neighbour_scores.weights)):
            raise InputError(
                f"{type(self).__name__} finds no finite table: look for extreme values in the data "
                "and among the model's arguments"
            )
        if self.popular_scores is not None:
            self.popular_scores.assign(train.item_counts())

    @property
    def query_size(self):
        return max(
            self.schema.num_items, self.neighbour_scores.query_size(self.schema.history_length)
        )

    def contributions(self, inputs, history, items):
        query = inputs[self.query_inputs[0]]
        parts = self.neighbour_scores.contributions(query[0], history, items)
        return ops.convert_to_numpy(parts)

    def encode_queries(self, inputs):
        return super().encode_queries(_trim_history(inputs))

    def encode_catalog(self):
        """An empty tensor: the table is part of the query model."""
        return ops.zeros((0,))

    def score_catalog(self, queries, catalog):
        return queries

    def score_pairs(self, inputs, items):
        pairs = _trim_history({name: inputs[name] for name in self.query_inputs})
        # The rating of one item is looked up alone; any other score needs the scores of all items,
        # and given ratings are compared with those of all users.
        alone = self.predicts_values and not ("value" in pairs and _read(pairs).any())
        size = 1 if alone else self.query_size
        pairs["item"] = np.asarray(items, "int32")
        return predict(self, pairs, max(1, min(MAX_PAIRS, SCORES_AT_ONCE // size)))[:, 0]


def _read(inputs):
    """Which steps of the histories are read `(n, length)`: those with a value, if values are."""
    read = np.asarray(inputs["history"]) > 0
    return read & ~np.isnan(inputs["value"]) if "value" in inputs else read


def _trim_history(inputs):
    """Inputs without trailing columns that are not read: each column costs a lookup in the table.

    The new width is a power of two, since the graph is traced again for each width.
    """
    if "history" not in inputs:
        return inputs
    used = np.flatnonzero(_read(inputs).any(axis=0))
    width = 1 << int(used[-1] if len(used) else 0).bit_length()
    cut = {name: inputs[name][:, :width] for name in ("history", "value") if name in inputs}
    return {**inputs, **cut}
