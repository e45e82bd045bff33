"""Beyond-accuracy metrics: coverage, novelty, popularity and diversity.

`recommended` (queries, k) are item rows, best first. Rows 0 (padding) and 1 (unknown) are ignored.
Metrics per query are NaN for a query without items. `counts` (rows,) or (rows, 1) is the number of
train interactions of each item row. Any other shape raises an `InputError`.
"""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics.flat_column import flat_column

_GATHERED_NUMBERS = 1 << 24  # floats gathered at a time by diversity: 64 MiB


def coverage(recommended, num_items):
    """Share of the `num_items` real items that is recommended to at least one query. A float.

    Source: Ge, Delgado-Battenfeld, Jannach, Beyond accuracy: evaluating recommender systems by
    coverage and serendipity, RecSys 2010 (catalogue coverage).

    >>> coverage([[2, 3], [3, 0]], num_items=4)
    0.5
    """
    rows = np.unique(_check_lists(recommended))
    return float(np.count_nonzero(rows > 1) / num_items)


def novelty(recommended, counts):
    """Mean self-information of the list in bits: `mean of -log2 p(i)`, float64 (queries,).

    `p(i)` is the item's share of all train interactions; an item without interactions counts as one
    interaction.
    Source: Vargas, Castells, Rank and relevance in novelty and diversity metrics for recommender
    systems, RecSys 2011 (expected free discovery, without discount and relevance).

    >>> novelty([[2, 3], [3, 0]], counts=[0, 0, 6, 2])
    array([1.20751875, 2.        ])
    """
    counts = _check_flat("counts", counts)
    return _mean_over_items(recommended, np.log2(counts.sum()) - np.log2(np.maximum(counts, 1.0)))


def average_popularity(recommended, counts):
    """Mean train interactions of the recommended items, float64 (queries,).

    Source: Yin, Cui, Li, Yao, Chen, Challenging the long tail recommendation, VLDB 2012.

    >>> average_popularity([[2, 3], [3, 0]], counts=[0, 0, 6, 2])
    array([4., 2.])
    """
    return _mean_over_items(recommended, _check_flat("counts", counts))


def popularity_lift(recommended_popularity, history_popularity):
    """Relative difference of the popularity of recommendations and of histories. A float.

    `(GAP_q - GAP_p) / GAP_p`, where GAP is the mean over users of the mean popularity of the
    recommended items (q) and of the items in the history (p), both float (queries,). 0 means as
    popular as the histories, 1 twice as popular. Queries with a NaN are ignored.
    Source: Abdollahpouri, Mansoury, Burke, Mobasher, The unfairness of popularity bias in
    recommendation, RMSE workshop at RecSys 2019; the name is from their RecSys 2020 paper.

    >>> popularity_lift([6.0, 3.0, 9.0], [2.0, 4.0, float("nan")])
    0.5
    """
    popularities = [
        _check_flat("recommended_popularity", recommended_popularity),
        _check_flat("history_popularity", history_popularity),
    ]
    if popularities[0].shape != popularities[1].shape:
        raise InputError(
            "recommended_popularity and history_popularity: expected the same queries, "
            f"received shapes {popularities[0].shape} and {popularities[1].shape}"
        )
    popularities = np.stack(popularities)
    popularities = popularities[:, np.isfinite(popularities).all(axis=0)]
    return (
        float(popularities[0].sum() / popularities[1].sum() - 1.0)
        if popularities.size
        else float("nan")
    )


def diversity(recommended, vectors, ks):
    """Intra-list diversity: `1 - mean pairwise cosine` of the best k items, float64 (queries, ks).

    `vectors` (rows, width) are the item vectors; items with a zero vector are ignored. It is an
    array, or any object with a `shape` that returns vectors as `vectors[rows]`. Only the
    recommended rows are read, for a part of the queries at a time. NaN for a list with fewer than
    two items.
    Source: Ziegler, McNee, Konstan, Lausen, Improving recommendation lists through topic
    diversification, WWW 2005 (one minus their mean similarity).

    Two comedies and a drama: one of three pairs has cosine 1.

    >>> vectors = np.array([[0, 0], [0, 0], [1, 0], [1, 0], [0, 1]])
    >>> diversity([[2, 3, 4]], vectors, ks=(2, 3)).round(4)
    array([[0.    , 0.6667]])
    """
    recommended, ks = _check_lists(recommended), np.asarray(ks)
    squares = np.empty((len(recommended), len(ks)))
    n = np.empty((len(recommended), len(ks)), dtype="int64")
    step = max(1, _GATHERED_NUMBERS // max(1, recommended.shape[1] * vectors.shape[1]))
    for start in range(0, len(recommended), step):
        part = slice(start, start + step)
        rows, index = np.unique(recommended[part], return_inverse=True)
        index = index.reshape(recommended[part].shape)
        units = np.array(vectors[rows], dtype="float32")
        norms = np.linalg.norm(units, axis=1, keepdims=True)
        units /= np.where(norms > 0, norms, 1.0)
        has_vector = (norms[:, 0] > 0) & (rows > 1)
        units[~has_vector] = 0.0
        total, num_summed = np.zeros((len(index), vectors.shape[1]), dtype="float32"), 0
        for column in np.argsort(ks):  # a longer list extends the shorter one
            k = ks[column]
            total += units[index[:, num_summed:k]].sum(axis=1)
            squares[part, column] = np.einsum("qf,qf->q", total, total)
            n[part, column] = has_vector[index[:, :k]].sum(axis=1)
            num_summed = k
    # |sum of n unit vectors|^2 = n + the cosines of all n (n - 1) ordered pairs
    return 1.0 - (squares - n) / np.where(n > 1, n * (n - 1), np.nan)


def _check_lists(recommended):
    recommended = np.asarray(recommended)
    if recommended.ndim != 2:
        raise InputError(f"recommended: expected (queries, k), received shape {recommended.shape}")
    return recommended


def _check_flat(name, values):
    values = flat_column(np.asarray(values, dtype="float64"))
    if values.ndim != 1:
        raise InputError(f"{name}: expected one axis, received shape {values.shape}")
    return values


def _mean_over_items(recommended, values):
    recommended = _check_lists(recommended)
    real = recommended > 1
    n = real.sum(axis=1)
    return (values[recommended] * real).sum(axis=1) / np.where(n > 0, n, np.nan)
