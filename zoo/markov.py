"""Markov: counted transitions from the last items of a history to the next one."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.layers.transition_scores import TransitionScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import largest_entries
from kerasrec.register import register

# Weight of an item's share of all interactions; it orders items without transitions.
POPULARITY_WEIGHT = 0.01


@register
class Markov(NeighbourModel):
    """Item-to-item transitions from the last items of a history, later ones with more weight.

        C(i, j)   = sum of distance_decay^(d - 1) over users who took i and j != i as the d-th
                    item after it, d = 1 .. window
        w(i, j)   = C(i, j) / ((C(i, all) + shrinkage) n(j)^popularity_power)
        score(j)  = sum over p = 0 .. last - 1 of position_decay^p w(i_p, j) + .01 n(j) / n(all)

    with n(j) interactions of item j, the last item i_0 of the history, and i_1 the one before. For
    each item i the `num_neighbours` largest w(i, j) are kept. Items without a transition are
    ordered by popularity, and so are all items for an empty history. Values are not read.

    Args:
        schema: `Schema` of the data; its `history_length` should be at least `last`.
        num_neighbours: Transitions kept for each item.
        window: The largest distance d that is counted; 1 is the first-order Markov chain.
        distance_decay: Factor of the weight for each further item of distance, in counting.
        last: Number of last items of a history that are read.
        position_decay: Factor of the weight for each further item back in a history.
        shrinkage: Moves the weights of an item i with few transitions towards 0.
        popularity_power: 0 for the transition probability; 1 for its ratio to the probability of
            the item.

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
        item_counts = train.item_counts()
        counts = transitions(train, self.window, self.distance_decay).tocoo()
        total = np.asarray(counts.sum(axis=1)).ravel() + self.shrinkage
        discount = np.maximum(item_counts, 1.0) ** self.popularity_power
        weight = counts.data / (total[counts.row] * discount[counts.col])
        kept = self.neighbour_scores.num_neighbours
        neighbours = largest_entries(counts.row, counts.col, weight, len(item_counts), kept)
        return *neighbours, POPULARITY_WEIGHT * item_counts / item_counts.sum()


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


def _check(valid, name, expected, value):
    if not valid:
        raise InputError(f"{name}: expected {expected}, got {value!r}")
