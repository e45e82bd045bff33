"""Weights of several sources of scores, chosen by the ranks of items that were held out."""

import numpy as np

# Weights that are tried, beside 0: a source that is left out.
TRIED = 2.0 ** np.arange(-5, 3.5, 0.5)
SWEEPS, CUTOFF = 3, 10


def fit_source_weights(scores, seen, targets):
    """Weights at least 0 with which a sum of scores ranks the held-out items best.

        maximize  NDCG@10 of the ranking by  sum over sources s of w_s f_s(query, item)

    The weight of the first source is 1. The others start there and are chosen in turn, each the
    best of `TRIED` and 0 with the others fixed, until none moves; of equal ones the nearest to 1.
    Likelihood is not the aim: sums of counts and cosines are no logits, and the weights with the
    largest softmax likelihood rank worse.

    Args:
        scores: Sparse CSR `(queries, items)`, at least 0, one for each source.
        seen: Sparse CSR `(queries, items)`, nonzero where an item is not ranked. No target is.
        targets: Item rows `(queries,)`.

    Returns:
        float64 `(sources,)`.

    >>> import scipy.sparse
    >>> right, wrong = scipy.sparse.csr_matrix([[0, 1, 0]]), scipy.sparse.csr_matrix([[0, 0, 1]])
    >>> fit_source_weights([wrong, right], scipy.sparse.csr_matrix((1, 3)), [1]).tolist()
    [1.0, 1.4142135623730951]
    """
    query, features, target_features = _features(scores, seen, np.asarray(targets))
    weights = np.ones(len(scores))
    best = _ndcg(query, features @ weights, target_features @ weights)
    order = [0.0, *TRIED]
    order.sort(key=lambda weight: abs(np.log(max(weight, 1e-3))))
    for _ in range(SWEEPS):
        before = weights.copy()
        for source in range(1, len(scores)):
            others = np.where(np.arange(len(scores)) == source, 0.0, weights)
            rest, target_rest = features @ others, target_features @ others
            for weight in order:
                logits = rest + weight * features[:, source]
                found = _ndcg(query, logits, target_rest + weight * target_features[:, source])
                if found > best + 1e-9:
                    best, weights[source] = found, weight
        if (weights == before).all():
            break
    return weights


def _features(scores, seen, targets):
    """Stored scores of ranked items: their query, `(n, sources)`; `(queries, sources)` of targets.

    An item without any stored score is not in the list; its score is 0, below all of these.
    """
    queries, items = seen.shape
    keys = [_keys(table) for table in scores]
    distinct, place = np.unique(np.concatenate(keys), return_inverse=True)
    features = np.zeros((len(distinct), len(scores)), "float32")
    places = np.split(place, np.cumsum([len(part) for part in keys])[:-1])
    for column, (rows, table) in enumerate(zip(places, scores, strict=True)):
        features[rows, column] = table.data
    of_target = np.searchsorted(distinct, np.arange(queries) * items + targets)
    of_target = np.minimum(of_target, max(len(distinct) - 1, 0))
    found = len(distinct) and distinct[of_target] == np.arange(queries) * items + targets
    target_features = np.zeros((queries, len(scores)), "float32")
    target_features[found] = features[of_target[found]] if len(distinct) else 0.0
    ranked = ~np.isin(distinct, _keys(seen))
    return distinct[ranked] // items, features[ranked], target_features


def _keys(table):
    """One number for each stored entry of a CSR table: row times columns plus column."""
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return rows * table.shape[1] + table.indices


def _ndcg(query, scores, target_scores):
    """Mean NDCG@10 of one target a query, behind its equals; without a score it is not found."""
    above = scores >= target_scores[query] * (1 - 1e-6)
    rank = np.bincount(query[above], minlength=len(target_scores)) - 1  # not itself
    found = (rank < CUTOFF) & (target_scores > 0)
    return np.where(found, 1 / np.log2(np.maximum(rank, 0) + 2), 0.0).mean()
