"""Counted transitions from one item of a history to the items after it."""

import numpy as np
import scipy.sparse


def transitions(train, window, decay):
    """Weighted counts of transitions: `(items, items)` float64 CSR, with a diagonal of 0.

    Args:
        train: `Interactions`.
        window: The largest distance, in interactions of the same user.
        decay: Factor of the weight for each further item of distance.
    """
    order = np.argsort(train.user, kind="stable")
    user, item, size = train.user[order], train.item[order], len(train.items)
    counts = scipy.sparse.csr_matrix((size, size))
    for distance in range(1, window + 1):
        before, after = item[:-distance], item[distance:]
        pair = (user[:-distance] == user[distance:]) & (before != after)
        weight = np.full(np.count_nonzero(pair), decay ** (distance - 1))
        indices = before[pair], after[pair]
        counts += scipy.sparse.csr_matrix((weight, indices), shape=(size, size))
    return counts


def transition_table(train, window=10, decay=0.8, shrinkage=100.0, popularity_power=0.1):
    """w(i, j) of the `Markov` model, a CSR table `(items, items)`.

        w(i, j) = C(i, j) / ((C(i, all) + shrinkage) n(j)^popularity_power)

    Args:
        train, window, decay: As for `transitions`, which counts C.
        shrinkage: Moves the weights of an item i with few transitions towards 0.
        popularity_power: Power of the interactions n(j) of item j.
    """
    counts = transitions(train, window, decay).tocoo()
    total = np.asarray(counts.sum(axis=1)).ravel() + shrinkage
    discount = np.maximum(train.item_counts(), 1.0) ** popularity_power
    weight = counts.data / (total[counts.row] * discount[counts.col])
    return scipy.sparse.csr_matrix((weight, (counts.row, counts.col)), shape=counts.shape)
