"""K-means clustering with spread first centres."""

import numpy as np
import scipy.sparse

ROUNDS, STARTS = 100, 4
MAX_FLOATS = 2**22  # distances in memory at a time


def k_means_plus_plus(vectors, k, seed=0):
    """Clusters vectors by Lloyd's algorithm from the best of a few spread starts.

        minimize   sum over n of |x_n - c_(a_n)|^2

    The first centre is a random vector, each other one a vector drawn in proportion to its squared
    distance from the nearest centre so far. A centre that loses all vectors takes the vector that
    is farthest from its own.

    Args:
        vectors: `(n, dim)`, n >= k.
        k: Number of clusters.
        seed: Of the starts.

    Returns:
        `(clusters, centres)`: int64 `(n,)` and float64 `(k, dim)`. The largest cluster is 0, and so
        on; equal vectors of fewer than k kinds leave the last clusters empty.

    Source: Arthur, Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.

    >>> k_means_plus_plus(np.array([[0.0], [0.1], [5.0], [5.2], [5.1]]), 2)[0].tolist()
    [1, 1, 0, 0, 0]
    """
    vectors, generator = np.asarray(vectors, dtype="float64"), np.random.default_rng(seed)
    found = [_lloyd(vectors, _spread(vectors, k, generator)) for _ in range(STARTS)]
    nearest, centres, _ = min(found, key=lambda one: one[2])
    order = np.argsort(-np.bincount(nearest, minlength=k), kind="stable")
    return np.argsort(order)[nearest], centres[order]


def _spread(vectors, k, generator):
    centres = [vectors[generator.integers(len(vectors))]]
    squares = _squares(vectors, centres[0][None])[:, 0]
    for _ in range(1, k):
        total = squares.sum()
        chances = squares / total if total else None
        centres.append(vectors[generator.choice(len(vectors), p=chances)])
        squares = np.minimum(squares, _squares(vectors, centres[-1][None])[:, 0])
    return np.array(centres)


def _lloyd(vectors, centres):
    nearest, count = None, len(centres)
    for _ in range(ROUNDS):
        before = nearest
        nearest, own = _nearest(vectors, centres)
        for empty in np.setdiff1d(np.arange(count), nearest):
            far = int(own.argmax())
            if own[far] > 0:
                nearest[far], own[far] = empty, 0.0
        if before is not None and (before == nearest).all():
            break
        owner = (np.ones(len(vectors)), (nearest, np.arange(len(vectors))))
        sums = scipy.sparse.csr_matrix(owner, (count, len(vectors))) @ vectors
        sizes = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres)
    return nearest, centres, float(np.square(vectors - centres[nearest]).sum())


def _nearest(vectors, centres):
    """The nearest centre of each vector, and its squared distance."""
    nearest, own = np.empty(len(vectors), "int64"), np.empty(len(vectors))
    step = max(1, MAX_FLOATS // len(centres))
    for start in range(0, len(vectors), step):
        part = slice(start, start + step)
        squares = _squares(vectors[part], centres)
        nearest[part] = np.argmin(squares, axis=1)
        own[part] = squares.min(axis=1)
    return nearest, own


def _squares(vectors, centres):
    """Squared distances `(n, k)`, at least 0."""
    squares = np.square(vectors).sum(axis=1)[:, None] - 2 * vectors @ centres.T
    return np.maximum(squares + np.square(centres).sum(axis=1), 0.0)
