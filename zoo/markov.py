"""Markov: what follows the last items of a history, counted."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.layers.transition_scores import TransitionScores
from kerasrec.models import NeighbourModel
from kerasrec.register import register

# Of the share of all interactions that an item has: it orders what no transition leads to.
PRIOR = 0.01


@register
class Markov(NeighbourModel):
    """Item-to-item transitions over the last items of a history; the later, the more they count.

        C(i, j)   = sum of distance_decay^(d - 1) over users who took i and j != i as the d-th
                    item after it, d = 1 .. window
        w(i, j)   = C(i, j) / ((C(i, all) + shrinkage) n(j)^popularity_power)
        score(j)  = sum over p = 0 .. last - 1 of position_decay^p w(i_p, j) + .01 n(j) / n(all)

    with n(j) interactions of item j and i_0 the last item of the history, i_1 the one before. Of
    each item i the `num_neighbours` largest w(i, j) are kept. What no transition leads to is
    ordered by popularity, which is the answer to an empty history. Values are not read.

    Args:
        schema: `Schema` of the data; `history_length` must not be below `last` for all to count.
        num_neighbours: Transitions kept for each item.
        window: The largest distance d that is counted; 1 is the first-order Markov chain.
        distance_decay: Weight of a distance beside the one shorter by one, in counting.
        last: Items of a history that are read, from its end.
        position_decay: Weight of an item of a history beside the one after it.
        shrinkage: Pulls what rests on few transitions from i towards 0, so that an item of whom
            more is known says more.
        popularity_power: 0 for the transition probability, 1 for how far it is above chance.

    Raises:
        InputError: at construction, for a number out of range.

    Reference:
        Rendle et al., Factorizing personalized Markov chains for next-basket recommendation, WWW
        2010, for the chain. Ludewig, Jannach, Evaluation of session-based recommendation
        algorithms, UMUAI 2018, for rules whose weight decays with the distance.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("uuuvv"), "item": list("abcab")})
    >>> train = Interactions.from_frame(frame)
    >>> model = Markov(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[["a"]], k=2)["item"].tolist()
    ['b', 'c']
    """

    def __init__(
        self,
        schema,
        num_neighbours=200,
        window=10,
        distance_decay=0.8,
        last=10,
        position_decay=0.7,
        shrinkage=100.0,
        popularity_power=0.1,
        name=None,
    ):
        whole = {"num_neighbours": num_neighbours, "window": window, "last": last}
        for argument, value in whole.items():
            _check(value >= 1, argument, "at least 1", value)
        decays = {"distance_decay": distance_decay, "position_decay": position_decay}
        for argument, value in decays.items():
            _check(0 < value <= 1, argument, "a number above 0 and at most 1", value)
        _check(0 <= shrinkage < np.inf, "shrinkage", "at least 0", shrinkage)
        _check(0 <= popularity_power <= 1, "popularity_power", "from 0 to 1", popularity_power)
        kept = min(num_neighbours, schema.num_items)
        scores = TransitionScores(
            schema.num_items, kept, last, position_decay, name="neighbour_scores"
        )
        super().__init__(schema=schema, scores=scores, name=name)

    def find_neighbours(self, train):
        taken = train.item_counts()
        counts = transitions(train, self.window, self.distance_decay).tocoo()
        known = np.asarray(counts.sum(axis=1)).ravel() + self.shrinkage
        discount = np.maximum(taken, 1.0) ** self.popularity_power
        weight = counts.data / (known[counts.row] * discount[counts.col])
        kept = self.neighbour_scores.num_neighbours
        near = largest(counts.row, counts.col, weight, len(taken), kept)
        return *near, PRIOR * taken / taken.sum()


def transitions(train, window, decay):
    """How often an item came after another: `(items, items)` float64 CSR, 0 for one after itself.

    Args:
        train: `Interactions`.
        window: The largest distance, in interactions of the same user.
        decay: Weight of a distance beside the one shorter by one.
    """
    order = np.argsort(train.user, kind="stable")
    user, item, size = train.user[order], train.item[order], len(train.items)
    found = scipy.sparse.csr_matrix((size, size))
    for distance in range(1, window + 1):
        before, after = item[:-distance], item[distance:]
        pair = (user[:-distance] == user[distance:]) & (before != after)
        weight = np.full(np.count_nonzero(pair), decay ** (distance - 1))
        places = before[pair], after[pair]
        found += scipy.sparse.csr_matrix((weight, places), shape=(size, size))
    return found


def largest(rows, columns, values, size, keep):
    """The `keep` largest entries of each row of a sparse table, 0 filling up.

    Args:
        rows, columns, values: `(n,)`, the entries; of equal ones the first columns are kept.
        size: Rows of the table.
        keep: Entries to keep.

    Returns:
        `(size, keep)` int32 columns and float32 values, the largest first.
    """
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    rows, columns, values, rank = (x[rank < keep] for x in (rows, columns, values, rank))
    found = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
    found[0][rows, rank], found[1][rows, rank] = columns, values
    return found


def _check(right, name, expected, value):
    if not right:
        raise InputError(f"{name}: expected {expected}, got {value!r}")
