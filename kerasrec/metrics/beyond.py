"""What a list of recommendations is like, whether or not it is right.

`recommended` (queries, k) are item rows, best first. Rows 0 (padding, where a list is shorter) and
1 (unknown) are no items and are left out; a query without any item is NaN in the per-query metrics.
`counts` (rows,) or (rows, 1) is the number of training interactions of each item row. Another shape
is an `InputError`.
"""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics.flat_column import flat_column

_BLOCK = 1 << 24  # floats gathered at a time by diversity: 64 MiB


def coverage(recommended, num_items):
    """Share of the catalogue's `num_items` real items that is recommended to anybody. A float.

    Source: Ge, Delgado-Battenfeld, Jannach, Beyond accuracy: evaluating recommender systems by
    coverage and serendipity, RecSys 2010 (catalogue coverage).

    >>> coverage([[2, 3], [3, 0]], num_items=4)
    0.5
    """
    rows = np.unique(_lists(recommended))
    return float(np.count_nonzero(rows > 1) / num_items)


def novelty(recommended, counts):
    """Mean self-information of the list in bits: `mean of -log2 p(i)`, float64 (queries,).

    `p(i)` is the item's share of all training interactions; an item without any counts as if it had
    one.
    Source: Vargas, Castells, Rank and relevance in novelty and diversity metrics for recommender
    systems, RecSys 2011 (expected free discovery, without discount and relevance).

    >>> novelty([[2, 3], [3, 0]], counts=[0, 0, 6, 2])
    array([1.20751875, 2.        ])
    """
    counts = _flat("counts", counts)
    return _mean(recommended, np.log2(counts.sum()) - np.log2(np.maximum(counts, 1.0)))


def average_popularity(recommended, counts):
    """Mean training interactions of the recommended items, float64 (queries,).

    Source: Yin, Cui, Li, Yao, Chen, Challenging the long tail recommendation, VLDB 2012.

    >>> average_popularity([[2, 3], [3, 0]], counts=[0, 0, 6, 2])
    array([4., 2.])
    """
    return _mean(recommended, _flat("counts", counts))


def popularity_lift(recommended_popularity, history_popularity):
    """How much more popular recommendations are than what the users chose themselves. A float.

    Popularity bias as `(GAP_q - GAP_p) / GAP_p`, where GAP is the mean over users of the mean
    popularity of their recommended (q) and their known (p) items, both float (queries,). 0: as
    popular as the histories; 1: twice as popular. Queries where either is NaN are left out.
    Source: Abdollahpouri, Mansoury, Burke, Mobasher, The unfairness of popularity bias in
    recommendation, RMSE workshop at RecSys 2019; named so in their RecSys 2020 paper.

    >>> popularity_lift([6.0, 3.0, 9.0], [2.0, 4.0, float("nan")])
    0.5
    """
    both = [
        _flat("recommended_popularity", recommended_popularity),
        _flat("history_popularity", history_popularity),
    ]
    if both[0].shape != both[1].shape:
        raise InputError(
            "expected the popularity of recommended and of known items of the same queries, "
            f"received shapes {both[0].shape} and {both[1].shape}"
        )
    both = np.stack(both)
    both = both[:, np.isfinite(both).all(axis=0)]
    return float(both[0].sum() / both[1].sum() - 1.0) if both.size else float("nan")


def diversity(recommended, vectors, ks):
    """Intra-list diversity: `1 - mean pairwise cosine` of the best k items, float64 (queries, ks).

    `vectors` (rows, width) describe the items; one whose vector is all zero is left out. It is an
    array, or anything with a `shape` that gives the vectors of an array of rows as `vectors[rows]`:
    it is asked for the recommended rows only, for some queries at a time. NaN for a list with fewer
    than two items left.
    Source: Ziegler, McNee, Konstan, Lausen, Improving recommendation lists through topic
    diversification, WWW 2005 (one minus their mean similarity).

    Two comedies and a drama: of three pairs one is alike.

    >>> vectors = np.array([[0, 0], [0, 0], [1, 0], [1, 0], [0, 1]])
    >>> diversity([[2, 3, 4]], vectors, ks=(2, 3)).round(4)
    array([[0.    , 0.6667]])
    """
    recommended, ks = _lists(recommended), np.asarray(ks)
    squares = np.empty((len(recommended), len(ks)))
    n = np.empty((len(recommended), len(ks)), dtype="int64")
    step = max(1, _BLOCK // max(1, recommended.shape[1] * vectors.shape[1]))
    for start in range(0, len(recommended), step):
        part = slice(start, start + step)
        rows, place = np.unique(recommended[part], return_inverse=True)
        place = place.reshape(recommended[part].shape)
        units = np.array(vectors[rows], dtype="float32")
        norms = np.linalg.norm(units, axis=1, keepdims=True)
        units /= np.where(norms > 0, norms, 1.0)
        described = (norms[:, 0] > 0) & (rows > 1)
        units[~described] = 0.0
        total, done = np.zeros((len(place), vectors.shape[1]), dtype="float32"), 0
        for column in np.argsort(ks):  # a longer list begins with the shorter one
            k = ks[column]
            total += units[place[:, done:k]].sum(axis=1)
            squares[part, column] = np.einsum("qf,qf->q", total, total)
            n[part, column] = described[place[:, :k]].sum(axis=1)
            done = k
    # |sum of n unit vectors|^2 = n + the cosines of all n (n - 1) ordered pairs
    return 1.0 - (squares - n) / np.where(n > 1, n * (n - 1), np.nan)


def _lists(recommended):
    recommended = np.asarray(recommended)
    if recommended.ndim != 2:
        raise InputError(f"recommended: expected (queries, k), received shape {recommended.shape}")
    return recommended


def _flat(name, values):
    values = flat_column(np.asarray(values, dtype="float64"))
    if values.ndim != 1:
        raise InputError(f"{name}: expected one axis, received shape {values.shape}")
    return values


def _mean(recommended, values):
    recommended = _lists(recommended)
    real = recommended > 1
    n = real.sum(axis=1)
    return (values[recommended] * real).sum(axis=1) / np.where(n > 0, n, np.nan)
