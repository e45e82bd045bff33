"""Shape 2: a query times a table of neighbours."""

import keras
import numpy as np
from keras import ops

from kerasrec.layers.popular_scores import PopularScores
from kerasrec.models.predict import predict
from kerasrec.models.query_input import query_input
from kerasrec.models.recommender import SCORES_AT_ONCE, Recommender

PAIRS_AT_ONCE = 1024


class NeighbourModel(Recommender):
    """A model that counts or solves for a table and then is a Keras model.

    There is nothing to train by gradient: `adapt` makes the tables (`find_neighbours` gives them),
    and ranking, evaluation, checkpoint and export go the way of every other model.

    Args:
        schema: `Schema` of the data.
        scores: The layer with the tables, one of `NeighbourScores`, `TransitionScores`,
            `TableScores` (which read a history), `UserNeighbourScores` and `NeighbourRatings`
            (which read a user). Called with the query it gives the scores of all items
            `(batch, num_items)`. An empty history, or a user without neighbours, is answered with
            what is popular.
        query: What it reads: "history" or "user".
        rates: Whether a score estimates a rating; `scores` takes a user and an item as well then.
    """

    steps = "last"
    trained = False

    def __init__(self, *, schema, scores, query="history", rates=False, name=None):
        asked = query_input(query)
        item = keras.Input((), dtype="int32", name="item")
        all_scores, popular = scores(asked), None
        if query == "history":
            popular = PopularScores(schema.num_items, name="popular_scores")
            all_scores = popular(all_scores, asked)
        if rates:
            own = scores(asked, item)[:, None]
        else:
            own = ops.take_along_axis(all_scores, item[:, None], axis=1)
        super().__init__(
            schema=schema,
            inputs={query: asked, "item": item},
            outputs=own,
            query_model=keras.Model({query: asked}, all_scores, name="query_model"),
            name=name,
        )
        self.neighbour_scores = scores
        self.popular_scores = popular
        self.capabilities = frozenset({"users", "histories"} if query == "history" else {"users"})
        self.predicts_values = rates

    @property
    def unknown_user(self):
        return "with the baseline alone" if self.predicts_values else "with what is popular"

    def adapt(self, train):
        super().adapt(train)
        self.neighbour_scores.assign(*self.find_neighbours(train))
        if self.popular_scores is not None:
            self.popular_scores.assign(train.item_counts())

    @property
    def query_size(self):
        return max(
            self.schema.num_items, self.neighbour_scores.query_size(self.schema.history_length)
        )

    def contributions(self, inputs, history, items):
        (query,) = self.query_inputs
        parts = self.neighbour_scores.contributions(inputs[query][0], history, items)
        return ops.convert_to_numpy(parts)

    def encode_queries(self, inputs):
        return super().encode_queries(_narrow(inputs))

    def encode_catalog(self):
        """Empty: the table is part of the query model."""
        return ops.zeros((0,))

    def score_catalog(self, queries, catalog):
        return queries

    def score_pairs(self, inputs, items):
        asked = _narrow({name: inputs[name] for name in self.query_inputs})
        asked["item"] = np.asarray(items, "int32")
        # A rating is looked up alone, any other score comes with those of all items.
        held = 1 if self.predicts_values else self.query_size
        return predict(self, asked, max(1, min(PAIRS_AT_ONCE, SCORES_AT_ONCE // held)))[:, 0]


def _narrow(inputs):
    """Without columns of a history that hold nothing: each place costs a row of the table.

    The widths are powers of two, for a graph that is traced again for each.
    """
    if "history" not in inputs:
        return inputs
    history = np.asarray(inputs["history"])
    used = np.flatnonzero(history.any(axis=0))
    width = 1 << int(used[-1] if len(used) else 0).bit_length()
    return {**inputs, "history": history[:, :width]}
