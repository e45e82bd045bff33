"""NDCG, recall and click-through rate of the rows of each request, ordered by their predictions."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions.ratio import ratio
from kerasrec.whole_number import whole_number


def ndcg(rows, k):
    """Mean over requests of NDCG@k; requests whose labels are all 0 are left out.

        DCG@k = sum over ranks r <= k of y_r / log2(r + 1),  NDCG@k = DCG@k / largest DCG@k

    The label itself is the gain. Rows with equal predictions get the mean discount of the ranks
    that they share, which is the expectation over random orders. Weights of rows are not read.

    Args:
        rows: `Predictions` with labels of at least 0.
        k: Cut-off, at least 1.

    Returns:
        A function of counts `(num_requests,)`; None where no request has a label above 0.

    Source: Jarvelin, Kekalainen, Cumulated gain-based evaluation of IR techniques, TOIS 2002; for
    ties McSherry, Najork, Computing information retrieval performance measures efficiently in the
    presence of tied scores, ECIR 2008.
    """
    discounts = _cumulated(rows, k, lambda ranks: 1.0 / np.log2(ranks + 1))
    gained = _gains(rows, rows.predictions, discounts)
    return _mean_of_shares(gained, _gains(rows, rows.labels, discounts))


def recall(rows, k):
    """Mean over requests of the share of the labels that is among the first k.

    Requests whose labels are all 0 are left out. Rows with equal predictions share their ranks, as
    for `ndcg`; arguments and return value are the same.
    """
    discounts = _cumulated(rows, k, np.ones_like)
    total = np.bincount(rows.requests, rows.labels, rows.num_requests)
    return _mean_of_shares(_gains(rows, rows.predictions, discounts), total)


def ctr(rows, k):
    """Click-through rate of the first k rows of each request, in the order of the predictions.

        sum of the labels among the first k / number of rows among the first k

    over all requests, those without a positive too. Of a request with fewer than k rows all
    count. Rows with equal predictions share their ranks, as for `ndcg`; arguments are the same.

    It counts clicks as they were logged: an item that was shown at the top has more of them for
    its place, and an item that was not shown has none.

    Returns:
        A function of counts `(num_requests,)`; None without rows.
    """
    gained = _gains(rows, rows.predictions, _cumulated(rows, k, np.ones_like))
    shown = np.minimum(np.bincount(rows.requests, minlength=rows.num_requests), k)
    return ratio(gained, shown.astype("float64"))


def _cumulated(rows, k, discount):
    """The sum of the discounts of the first r ranks for r = 0 .. rows of the largest request."""
    whole_number(k, "k", 1)
    if (rows.labels < 0).any():
        raise InputError(f"labels: expected gains of at least 0, received {rows.labels.min():g}")
    ranks = np.arange(1.0, np.bincount(rows.requests, minlength=1).max() + 1)
    return np.append(0.0, np.cumsum(np.where(ranks <= k, discount(ranks), 0.0)))


def _gains(rows, scores, cumulated):
    """Each request's sum of labels times discounts, ordered by falling scores."""
    order = np.lexsort((-scores, rows.requests))
    request, score = rows.requests[order], scores[order]
    new = np.append(True, request[1:] != request[:-1])[: len(order)]
    first = new | np.append(True, score[1:] != score[:-1])[: len(order)]
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(order))
    begin = np.flatnonzero(new)[np.cumsum(new)[starts] - 1]
    shared = (cumulated[ends - begin] - cumulated[starts - begin]) / (ends - starts)
    discounts = np.repeat(shared, ends - starts)
    return np.bincount(request, rows.labels[order] * discounts, rows.num_requests)


def _mean_of_shares(gained, largest):
    relevant = largest > 0
    shares = np.divide(gained, largest, out=np.zeros(len(gained)), where=relevant)
    return ratio(shares, relevant.astype("float64"))
