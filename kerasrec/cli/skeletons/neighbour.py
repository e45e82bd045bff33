"""NewModel: TODO what it is, in one line."""

import numpy as np

from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import (
    cosine_blocks,
    interaction_matrix,
    last_interactions,
    nearest,
)
from kerasrec.register import register


@register
class NewModel(NeighbourModel):
    """TODO what it does, in one sentence. As written it counts who took both items.

        weight(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage),   U_i: users of item i
        score(u, j)  = sum over i in the history of u, j near i, of weight(i, j)

    TODO replace the formula, here and in `find_neighbours`.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each item.
        shrinkage: Pulls weights that rest on few users towards 0.

    Reference:
        TODO

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NewModel(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[[train.items.vocabulary.ids[0]]], k=1)["rank"].tolist()
    [1]
    """

    def __init__(self, schema, num_neighbours=100, shrinkage=10.0, name=None):
        kept = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, kept, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)

    def find_neighbours(self, train):
        train = train.select(last_interactions(train))
        taken = interaction_matrix(train, "item", np.ones(len(train)))
        similarities = cosine_blocks(taken, self.shrinkage)
        return nearest(similarities, len(train.items), self.neighbour_scores.num_neighbours)
