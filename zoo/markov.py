"""Markov: counted transitions from the last items of a history to the next one."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.layers.transition_scores import TransitionScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.cooccurrence import cooccurrence_table
from kerasrec.models.neighbours.similarity import largest_of_rows
from kerasrec.models.neighbours.sources import Sources
from kerasrec.models.neighbours.transitions import transition_table
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

    With `sources`, w is a weighted sum of several tables, of which only the largest weights of each
    row are kept:

        w(i, j)   = sum over sources s of weight_s w_s(i, j) m_first / m_s

    with m_s the mean over items of the largest weight of their row. "transitions" is the table
    above, "cooccurrence" that of `ItemKNN`, and the name of an item feature a table of its
    similarities: of words and categories by `weighting`, of vectors and numbers by their cosine.
    With a feature, items without interactions are recommended too.

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
        sources: Dict of each source to its weight, or a list of sources whose weights `adapt` fits:
            it holds out the last item of up to 5,000 users and maximizes its NDCG@10; the attribute
            then holds the weights found. None for the transitions alone.
        weighting: "tfidf" or "bm25", as of `ContentKNN`.

    Raises:
        InputError: at construction, for a number out of range, an unknown source, or weights that
            are negative or all 0; at `adapt`, if weights are fitted and no user has two items.

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
        sources=None,
        weighting="tfidf",
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
        read = Sources(schema, {"transitions": 1.0} if sources is None else sources, weighting)
        kept = min(num_neighbours, schema.num_items)
        scores = TransitionScores(
            schema.num_items, kept, last, position_decay, name="neighbour_scores"
        )
        super().__init__(schema=schema, scores=scores, name=name)
        self._sources = read
        if read.features_read:
            self.capabilities |= {"cold_items"}

    def find_neighbours(self, train):
        counters = {"transitions": self._transitions, "cooccurrence": self._cooccurrence}
        kept, item_counts = self.neighbour_scores.num_neighbours, train.item_counts()
        table = self._sources.table(train, counters, kept, self.last, self.position_decay)
        self.sources = self._sources.weights
        return *largest_of_rows(table, kept), POPULARITY_WEIGHT * item_counts / item_counts.sum()

    @property
    def features_read(self):
        return (), self._sources.features_read

    def _transitions(self, train):
        counted = self.window, self.distance_decay, self.shrinkage, self.popularity_power
        return transition_table(train, *counted)

    def _cooccurrence(self, train):
        return cooccurrence_table(train, self.neighbour_scores.num_neighbours)


def _check(valid, name, expected, value):
    if not valid:
        raise InputError(f"{name}: expected {expected}, got {value!r}")
