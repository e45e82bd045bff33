"""EASE: a linear item autoencoder, solved in closed form."""

import numpy as np
import scipy.linalg

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.layers.table_scores import TableScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import (
    interaction_matrix,
    last_interactions,
    nearest,
    row_blocks,
)
from kerasrec.register import register
from kerasrec.tables.memory import check_memory

# With more items the inverse is computed in float32: half the memory and half the time.
MAX_FLOAT64_ITEMS = 2**14


@register
class EASE(NeighbourModel):
    """Item-item weights that reconstruct each history, without an item predicting itself.

        B = argmin |X - X B|^2 + l2 |B|^2 with diag(B) = 0
          = I - P diag(1 / diag(P)),   P = (X' X + l2 I)^-1
        score(u, j) = sum over i in the history of u of B(i, j)

    X is the user-item matrix of zeros and ones. The inverse for n items takes `8 n^2` bytes (above
    16,384 items `4 n^2`, in float32) and n^3 multiplications. Without `num_neighbours` the model
    stores `4 n^2` bytes.

    Args:
        schema: `Schema` of the data; the last `history_length` items of a history are read.
        l2: Ridge penalty; larger for sparse data.
        num_neighbours: Weights kept for each item, the largest by absolute value; None for all.

    Raises:
        InputError: at construction, for a number out of range or a table that does not fit in
            memory; at `adapt`, for an inverse that does not fit, or if `l2` is too small.

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

    counted = False  # weights may be negative

    def __init__(self, schema, l2=500.0, num_neighbours=None, name=None):
        if not 0 < l2 < np.inf:
            raise InputError(f"l2: expected a number above 0, got {l2!r}")
        if num_neighbours is None:
            shape = (schema.num_items, schema.num_items)
            check_memory("EASE, the table of weights", [shape], ADVICE)
            scores = TableScores(schema.num_items, name="neighbour_scores")
        elif num_neighbours < 1:
            raise InputError(f"num_neighbours: expected at least 1, or None, got {num_neighbours}")
        else:
            num_neighbours = min(num_neighbours, schema.num_items)
            scores = NeighbourScores(schema.num_items, num_neighbours, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)

    def find_neighbours(self, train):
        train = train.select(last_interactions(train))
        known = np.flatnonzero(train.item_counts())
        matrix = interaction_matrix(train, "item", np.ones(len(train)))[known]
        full = [(self.schema.num_items,) * 2] * 2 if self.num_neighbours is None else []
        weights = item_weights(matrix, self.l2, full)
        blocks = row_blocks(len(known))
        if self.num_neighbours is None:
            table = np.zeros(full[0], "float32")
            for rows in blocks:
                table[known[rows, None], known] = weights[rows]
            return (table,)
        kept = min(self.neighbour_scores.num_neighbours, len(known))
        indices, values = nearest(((rows, weights[rows]) for rows in blocks), len(known), kept)
        shape = (self.schema.num_items, self.neighbour_scores.num_neighbours)
        neighbours, weight = np.zeros(shape, "int32"), np.zeros(shape, "float32")
        neighbours[known, :kept] = np.where(values != 0, known[indices], 0)
        weight[known, :kept] = values
        return neighbours, weight


ADVICE = "set num_neighbours, use fewer items, or use a factor model"


def item_weights(matrix, l2, other_shapes=()):
    """The weights B `(n, n)`.

    Args:
        matrix: `(n, users)` CSR of ones.
        l2: Ridge penalty.
        other_shapes: Shapes of float32 tables that must fit in memory beside B.
    """
    size = matrix.shape[0]
    kind = "float64" if size <= MAX_FLOAT64_ITEMS else "float32"
    shapes = [(size, size)] * (2 if kind == "float64" else 1)  # of 4 bytes a number
    check_memory(f"EASE, the {kind} inverse for {size:,} items", [*shapes, *other_shapes], ADVICE)
    table, matrix_t = np.zeros((size, size), kind), matrix.T.tocsr()
    for rows in row_blocks(size):
        table[rows] = (matrix[rows] @ matrix_t).toarray()
    table[np.diag_indices(size)] += l2
    try:
        sweep(table)
    except np.linalg.LinAlgError:
        raise InputError(f"l2: {l2!r} is too small for {kind}: increase it") from None
    for rows in row_blocks(size):  # sweep changes only the lower triangle
        table[rows, rows.stop :] = table[rows.stop :, rows].T
        table[rows, rows] = _symmetric(table[rows, rows])
    table /= -np.diag(table).copy()
    np.fill_diagonal(table, 0.0)
    return table


def sweep(table, step=1024):
    """Replaces the lower triangle of a positive definite matrix by that of minus its inverse.

    It works in place, on `step` rows at a time, by matrix products. A LAPACK inverse of the whole
    matrix uses 32-bit indices, and that of OpenBLAS crashes at 41,000 rows.
    """
    size = len(table)
    blocks = [slice(start, min(start + step, size)) for start in range(0, size, step)]
    for pivot in blocks:
        column = np.concatenate([table[pivot, : pivot.start].T, table[pivot.start :, pivot]])
        factor = scipy.linalg.cho_factor(_symmetric(table[pivot, pivot]), lower=True)
        inverse = scipy.linalg.cho_solve(factor, np.eye(len(factor[0]), dtype=table.dtype))
        product = column @ inverse
        for rows in blocks:
            table[rows, : rows.stop] -= product[rows] @ column[: rows.stop].T
        table[pivot, : pivot.start] = product[: pivot.start].T
        table[pivot.start :, pivot] = product[pivot.start :]
        table[pivot, pivot] = -inverse


def _symmetric(square):
    """The symmetric matrix with this lower triangle."""
    lower = np.tril(square)
    return lower + np.tril(lower, -1).T
