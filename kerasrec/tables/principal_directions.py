"""The principal directions of a sparse table."""

import numpy as np
import scipy.sparse.linalg


def principal_directions(rows, dim):
    """Right singular vectors of a CSR table: `(columns, dim)`, largest singular value first.

    Columns beyond the rank of the table are zeros. The sign of a direction is arbitrary; here its
    largest entry is positive.

    >>> import scipy.sparse
    >>> principal_directions(scipy.sparse.csr_matrix([[2.0, 0.0], [0.0, 3.0]]), 1).tolist()
    [[0.0], [1.0]]
    """
    directions = np.zeros((rows.shape[1], dim))
    used = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]))
    used_columns = rows[:, used].astype("float64")
    max_rank = min(used_columns.shape)
    if not max_rank:
        return directions
    if dim < max_rank / 2:
        start = np.random.default_rng(0).standard_normal(max_rank)
        _, values, right = scipy.sparse.linalg.svds(used_columns, k=dim, v0=start)
    else:
        _, values, right = np.linalg.svd(used_columns.toarray(), full_matrices=False)
    best = np.argsort(-values, kind="stable")[:dim]
    best = best[values[best] > 1e-9 * values.max()]
    right = right[best]
    largest = np.take_along_axis(right, np.abs(right).argmax(axis=1)[:, None], axis=1)
    directions[used, : len(best)] = (right * np.sign(largest)).T
    return directions
