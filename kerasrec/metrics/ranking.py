"""Ranking metrics at a cut-off, one number per query.

Every function takes

* `hits` (queries, K) bool: whether the item at each rank, best first, is relevant;
* `num_relevant` (queries,) or (queries, 1): number of relevant items of the query, in the list or
  not;
* `k`: the cut-off, 1 <= k <= K; other values raise an `InputError`;

and returns float64 (queries,). Pad a list shorter than k with False. A query without relevant items
scores 0. The examples use one query with three relevant items; its list of four has hits at ranks 1
and 3.
"""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.metrics.flat_column import flat_column


def recall(hits, num_relevant, k):
    """Share of the relevant items that are among the first k: `hits@k / R`.

    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval (2008), 8.3.

    >>> recall([[True, False, True, False]], [3], k=4).round(4)
    array([0.6667])
    """
    hits, relevant = _cut(hits, num_relevant, k)
    return hits.sum(axis=1) / np.maximum(relevant, 1)


def precision(hits, num_relevant, k):
    """Share of the first k that are relevant: `hits@k / k`, also for a list shorter than k.

    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval (2008), 8.3.

    >>> precision([[True, False, True, False]], [3], k=4)
    array([0.5])
    """
    hits, _ = _cut(hits, num_relevant, k)
    return hits.sum(axis=1) / k


def hit_rate(hits, num_relevant, k):
    """1 if at least one relevant item is among the first k, else 0.

    Source: Deshpande, Karypis, Item-based top-N recommendation algorithms, TOIS 2004.

    >>> hit_rate([[True, False, True, False], [False, False, False, True]], [3, 1], k=3)
    array([1., 0.])
    """
    hits, _ = _cut(hits, num_relevant, k)
    return hits.any(axis=1).astype("float64")


def mrr(hits, num_relevant, k):
    """One over the rank of the first relevant item among the first k, else 0.

    Source: Voorhees, The TREC-8 question answering track report, 1999.

    >>> mrr([[False, True, True, False], [False, False, False, True]], [3, 1], k=3)
    array([0.5, 0. ])
    """
    hits, _ = _cut(hits, num_relevant, k)
    return np.where(hits.any(axis=1), 1.0 / (1.0 + hits.argmax(axis=1)), 0.0)


def ndcg(hits, num_relevant, k):
    """Discounted gain over that of the best possible list: `DCG@k / IDCG@k`.

    `DCG@k = sum over hit ranks r <= k of 1 / log2(r + 1)`; the ideal list begins with `min(k, R)`
    hits.
    Source: Jarvelin, Kekalainen, Cumulated gain-based evaluation of IR techniques, TOIS 2002
    (binary gain, base 2).

    Hits at 1 and 3 give 1 + 1/2; three hits at 1, 2, 3 would give 1 + .6309 + .5.

    >>> ndcg([[True, False, True, False]], [3], k=4).round(4)
    array([0.7039])
    """
    hits, relevant = _cut(hits, num_relevant, k)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.clip(relevant, 1, k).astype("int64") - 1]
    return hits.astype("float64") @ discounts / ideal


def average_precision(hits, num_relevant, k):
    """Mean over the relevant items of the precision at their rank: `AP@k`; its mean is MAP@k.

    `AP@k = sum over hit ranks r <= k of precision@r / min(k, R)`, so a list that starts with the
    relevant items scores 1 at every k. With k the catalog size this is the usual AP.
    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval (2008), 8.4.

    (1/1 + 2/3) / 3:

    >>> average_precision([[True, False, True, False]], [3], k=4).round(4)
    array([0.5556])
    """
    hits, relevant = _cut(hits, num_relevant, k)
    precisions = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return (precisions * hits).sum(axis=1) / np.clip(relevant, 1, k)


# Prefix of metrics over sampled items, to tell them from metrics over the whole catalog.
SAMPLED = "sampled_"
RANKING = {
    "recall": recall,
    "precision": precision,
    "hit_rate": hit_rate,
    "ndcg": ndcg,
    "mrr": mrr,
    "map": average_precision,
}


def _cut(hits, num_relevant, k):
    hits, num_relevant = np.asarray(hits, dtype=bool), flat_column(np.asarray(num_relevant))
    if hits.ndim != 2 or num_relevant.shape != hits.shape[:1]:
        raise InputError(
            "expected hits (queries, K) and num_relevant (queries,), "
            f"received shapes {hits.shape} and {num_relevant.shape}"
        )
    if not 1 <= k <= hits.shape[1]:
        raise InputError(f"k: expected 1 to {hits.shape[1]}, the length of the list, received {k}")
    return hits[:, :k], num_relevant
