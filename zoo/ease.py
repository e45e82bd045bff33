"""EASE: a linear autoencoder in closed form."""

import numpy as np
import scipy.linalg

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.layers.table_scores import TableScores
from kerasrec.memory import check_memory
from kerasrec.models import NeighbourModel
from kerasrec.models.similarity import blocks, last_of_pairs, nearest, pair_table
from kerasrec.register import register

# Above it the inverse is computed in float32: half the memory, half the time.
FLOAT64_ITEMS = 2**14


@register
class EASE(NeighbourModel):
    """Item weights that restore a history best, no item helping itself.

        B = argmin |X - X B|^2 + l2 |B|^2 with diag(B) = 0
          = I - P diag(1 / diag(P)),   P = (X' X + l2 I)^-1
        score(u, j) = sum over i in the history of u of B(i, j)

    X is 1 where a user took an item. The inverse of n items takes `8 n^2` bytes, above 16,384 items
    `4 n^2` in float32, and n^3 operations, twice. Without `num_neighbours` the model keeps
    `4 n^2` bytes.

    Args:
        schema: `Schema` of the data. Of a history the last `schema.history_length` items count.
        l2: Ridge penalty; larger for sparse data.
        num_neighbours: Weights kept for each item, the largest by absolute value; None for all.

    Raises:
        InputError: at construction, for a number out of range or a table that the memory cannot
            hold; at `adapt`, for an inverse that it cannot hold or that l2 is too small for.

    Reference:
        Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = EASE(train.schema(), l2=50.0)
    >>> model.adapt(train)
    >>> len(model.recommend(users=[train.users.vocabulary.ids[0]], k=3))
    3
    """

    def __init__(self, schema, l2=500.0, num_neighbours=None, name=None):
        if not 0 < l2 < np.inf:
            raise InputError(f"l2: expected a number above 0, got {l2!r}")
        if num_neighbours is None:
            shape = (schema.num_items, schema.num_items)
            check_memory("EASE, the table of weights", [shape], ADVICE)
            scores = TableScores(schema.num_items, name="neighbour_scores")
        elif num_neighbours < 1:
            raise InputError(f"num_neighbours: expected at least 1, or None: got {num_neighbours}")
        else:
            kept = min(num_neighbours, schema.num_items)
            scores = NeighbourScores(schema.num_items, kept, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)
        self.l2 = l2
        self.num_neighbours = num_neighbours

    def find_neighbours(self, train):
        train = train.select(last_of_pairs(train))
        known = np.flatnonzero(train.item_counts())
        taken = pair_table(train, "item", np.ones(len(train)))[known]
        whole = [(self.schema.num_items,) * 2] * 2 if self.num_neighbours is None else []
        weights = item_weights(taken, self.l2, whole)
        if self.num_neighbours is None:
            table = np.zeros(whole[0], "float32")
            for rows in blocks(len(known)):
                table[known[rows, None], known] = weights[rows]
            return (table,)
        kept = min(self.neighbour_scores.num_neighbours, len(known))
        found = nearest(((rows, weights[rows]) for rows in blocks(len(known))), len(known), kept)
        shape = (self.schema.num_items, self.neighbour_scores.num_neighbours)
        neighbours, weight = np.zeros(shape, "int32"), np.zeros(shape, "float32")
        neighbours[known, :kept] = np.where(found[1] != 0, known[found[0]], 0)
        weight[known, :kept] = found[1]
        return neighbours, weight


ADVICE = "set num_neighbours, take fewer items, or take a model of factors"


def item_weights(taken, l2, besides=()):
    """B `(n, n)` of a table of ones, `(n, users)` CSR. `besides`: shapes that come on top of it."""
    size = taken.shape[0]
    kind = "float64" if size <= FLOAT64_ITEMS else "float32"
    own = [(size, size)] * (2 if kind == "float64" else 1)  # counted in numbers of 4 bytes
    check_memory(f"EASE, the {kind} inverse for {size:,} items", [*own, *besides], ADVICE)
    # In Fortran's order LAPACK works where the table lies.
    table, other = np.zeros((size, size), kind, order="F"), taken.T.tocsr()
    for rows in blocks(size):
        table[rows] = (taken[rows] @ other).toarray()
    table[np.diag_indices(size)] += l2
    potrf, potri = scipy.linalg.get_lapack_funcs(("potrf", "potri"), (table,))
    table, failed = potrf(table, lower=True, overwrite_a=True, clean=False)
    if not failed:
        table, failed = potri(table, lower=True, overwrite_c=True)
    if failed:
        raise InputError(f"l2: {l2!r} is too small for {kind}: raise it")
    for rows in blocks(size):  # LAPACK has filled the lower triangle only
        table[rows, rows.stop :] = table[rows.stop :, rows].T
        square = np.tril(table[rows, rows])
        table[rows, rows] = square + np.tril(square, -1).T
    table /= -np.diag(table).copy()
    np.fill_diagonal(table, 0.0)
    return table
