"""Shape 2: a history times a sparse item-item table."""

import keras
import numpy as np
from keras import ops

from kerasrec.models.recommender import QUERIES_AT_ONCE, Recommender
from kerasrec.register import register


@register
class NeighbourScores(keras.layers.Layer):
    """Scores of all items from the neighbours of the items in a history.

        score(j) = sum over i in history of weight(i, j),   weight 0 unless j is a neighbour of i

    Args:
        num_items: Catalogue rows.
        num_neighbours: Neighbours kept for each item.

    Input shape:
        `(batch, length)` int item rows, 0 is padding.

    Output shape:
        `(batch, num_items)` float32.
    """

    def __init__(self, num_items, num_neighbours, **kwargs):
        super().__init__(**kwargs)
        self.num_items = num_items
        self.num_neighbours = num_neighbours
        shape = (num_items, num_neighbours)
        make = self.add_weight
        self.neighbours = make(shape, "zeros", "int32", trainable=False, name="neighbours")
        self.weight = make(shape, "zeros", "float32", trainable=False, name="weight")

    def assign(self, neighbours, weight):
        """Takes `(num_items, num_neighbours)` neighbour rows and their weights; 0 fills up."""
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)

    def call(self, history):
        rows = ops.take(self.neighbours, history, axis=0)
        weight = ops.take(self.weight, history, axis=0)
        batch = ops.shape(history)[0]
        index = rows + self.num_items * ops.arange(batch, dtype="int32")[:, None, None]
        scores = ops.segment_sum(
            ops.reshape(weight, (-1,)), ops.reshape(index, (-1,)), batch * self.num_items
        )
        return ops.reshape(scores, (batch, self.num_items))

    def compute_output_spec(self, history):
        return keras.KerasTensor((history.shape[0], self.num_items), "float32")


class NeighbourModel(Recommender):
    """A model that counts or solves for an item-item table and then is a Keras model.

    There is nothing to train by gradient: `adapt` makes the table (`neighbours` gives it), and
    ranking, evaluation, checkpoint and export go the way of every other model.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each item.
    """

    capabilities = frozenset({"users", "histories"})
    train_inputs = ("history", "item")
    steps = "last"
    query_inputs = ("history",)

    def __init__(self, *, schema, num_neighbours, name=None):
        num_neighbours = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, num_neighbours, name="neighbour_scores")
        history = keras.Input((None,), dtype="int32", name="history")
        item = keras.Input((), dtype="int32", name="item")
        all_scores = scores(history)
        super().__init__(
            schema=schema,
            inputs={"history": history, "item": item},
            outputs=ops.take_along_axis(all_scores, item[:, None], axis=1),
            query_model=keras.Model({"history": history}, all_scores, name="query_model"),
            name=name,
        )
        self.neighbour_scores = scores

    def find_neighbours(self, train):
        """Rows and weights `(num_items, num_neighbours)` of each item's neighbours."""
        raise NotImplementedError

    def adapt(self, train):
        super().adapt(train)
        self.neighbour_scores.assign(*self.find_neighbours(train))

    def encode_catalog(self):
        """Empty: the table is part of the query model."""
        return ops.zeros((0,))

    def score_catalog(self, queries, catalog):
        return queries

    def score_pairs(self, inputs, items):
        items, found = np.asarray(items, "int64"), []
        for start in range(0, len(items), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            scores = self.encode_queries({name: x[part] for name, x in inputs.items()})
            found.append(np.take_along_axis(scores, items[part, None], axis=1)[:, 0])
        return np.concatenate(found)
