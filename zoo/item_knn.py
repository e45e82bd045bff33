"""Item kNN: people who took this also took that."""

import numpy as np
import scipy.sparse

from kerasrec.models import NeighbourModel
from kerasrec.register import register

SIMILARITIES_AT_ONCE = 2**25


@register
class ItemKNN(NeighbourModel):
    """Item-based nearest neighbours on implicit data, by shrunk cosine.

        weight(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage),   U_i: users of item i
        score(u, j)  = sum over i in the history of u of weight(i, j)

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each item.
        shrinkage: Pulls similarities that rest on few users towards 0.

    Reference:
        Sarwar et al., Item-based collaborative filtering recommendation algorithms, WWW 2001.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ItemKNN(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[[train.items.vocabulary.ids[0]]], k=1)["rank"].tolist()
    [1]
    """

    def __init__(self, schema, num_neighbours=100, shrinkage=10.0, name=None):
        super().__init__(schema=schema, num_neighbours=num_neighbours, name=name)
        self.num_neighbours = num_neighbours
        self.shrinkage = shrinkage

    def find_neighbours(self, train):
        size, keep = self.schema.num_items, self.neighbour_scores.num_neighbours
        taken = scipy.sparse.csr_matrix(
            (np.ones(len(train), "float32"), (train.user, train.item)),
            shape=(self.schema.num_users, size),
        )
        taken.data[:] = 1.0
        together = (taken.T @ taken).tocsr()
        root = np.sqrt(together.diagonal())
        neighbours, weight = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
        at_once = max(1, SIMILARITIES_AT_ONCE // size)
        for start in range(0, size, at_once):
            rows = slice(start, min(start + at_once, size))
            similarity = together[rows].toarray()
            similarity /= root[rows, None] * root[None] + self.shrinkage + 1e-12
            similarity[np.arange(rows.stop - start), np.arange(start, rows.stop)] = 0.0
            best = np.argpartition(-similarity, keep - 1, axis=1)[:, :keep]
            neighbours[rows] = best
            weight[rows] = np.take_along_axis(similarity, best, axis=1)
        return np.where(weight > 0, neighbours, 0), weight
