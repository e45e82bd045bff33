"""EASE: a linear autoencoder in closed form."""

import numpy as np
import scipy.linalg

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.layers.table_scores import TableScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import blocks, last_of_pairs, nearest, pair_table
from kerasrec.register import register
from kerasrec.tables.memory import check_memory

# Above it the inverse is computed in float32: half the memory, half the time.
FLOAT64_ITEMS = 2**14


@register
class EASE(NeighbourModel):
    """Item weights that restore a history best, no item helping itself.

        B = argmin |X - X B|^2 + l2 |B|^2 with diag(B) = 0
          = I - P diag(1 / diag(P)),   P = (X' X + l2 I)^-1
        score(u, j) = sum over i in the history of u of B(i, j)

    X is 1 where a user took an item. The inverse of n items takes `8 n^2` bytes, above 16,384 items
    `4 n^2` in float32, and n^3 multiplications. Without `num_neighbours` the model keeps
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
    table, other = np.zeros((size, size), kind), taken.T.tocsr()
    for rows in blocks(size):
        table[rows] = (taken[rows] @ other).toarray()
    table[np.diag_indices(size)] += l2
    try:
        sweep(table)
    except np.linalg.LinAlgError:
        raise InputError(f"l2: {l2!r} is too small for {kind}: raise it") from None
    for rows in blocks(size):  # the lower triangle is what was swept
        table[rows, rows.stop :] = table[rows.stop :, rows].T
        table[rows, rows] = _symmetric(table[rows, rows])
    table /= -np.diag(table).copy()
    np.fill_diagonal(table, 0.0)
    return table


def sweep(table, step=1024):
    """The lower triangle of a positive definite table becomes that of minus its inverse.

    In place, `step` rows at a time, by products alone: LAPACK's routine for the whole of it counts
    in 32 bits, and OpenBLAS's ends the process at 41,000 rows.
    """
    size = len(table)
    spans = [slice(start, min(start + step, size)) for start in range(0, size, step)]
    for own in spans:
        column = np.concatenate([table[own, : own.start].T, table[own.start :, own]])
        factor = scipy.linalg.cho_factor(_symmetric(table[own, own]), lower=True)
        inverse = scipy.linalg.cho_solve(factor, np.eye(len(factor[0]), dtype=table.dtype))
        product = column @ inverse
        for rows in spans:
            table[rows, : rows.stop] -= product[rows] @ column[: rows.stop].T
        table[own, : own.start] = product[: own.start].T
        table[own.start :, own] = product[own.start :]
        table[own, own] = -inverse


def _symmetric(square):
    lower = np.tril(square)
    return lower + np.tril(lower, -1).T
