"""A share of the positions for items that were shown rarely."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.exploration.candidate_scores import candidate_scores
from kerasrec.exploration.chance_of_best import chance_of_best
from kerasrec.exploration.shown import Shown
from kerasrec.whole_number import whole_number

MOST = 1000  # impressions of a new item: what `chance_of_best` is accurate for


class NewItems:
    """A quota for candidates with few impressions, chosen among themselves by Thompson sampling.

    Position after position: with probability `share` it belongs to the candidates that are left and
    were shown fewer than `few` times. A rate is drawn for each from its posterior
    `Beta(clicks + 1, impressions - clicks + prior)`, and the item with the largest is shown. Else,
    or where no such candidate is left, the best candidate that is left is shown.

    The propensity is the probability given the items above:

        p(i) = (1 - share) [i is the best left] + share P(i has the largest rate of the new left)

    with P by numerical integration, see `chance_of_best`.

    Args:
        share: Probability that a position is for new items, above 0 and below 1.
        impressions, clicks: dict of an item's id to its counts; an id that is missing has 0. They
            are read at each draw, so they may grow, as those of `ItemCounts`.
        few: An item with fewer impressions is new; at most 1,000.
        prior: Second parameter of the prior Beta(1, prior), whose mean is a click rate of
            `1 / (1 + prior)`.

    Attributes:
        given_above: True, propensities are those given the items above.

    Raises:
        InputError: for a value out of its range, or more clicks than impressions.

    Source: Thompson (1933); Chapelle and Li, An empirical evaluation of Thompson sampling, NeurIPS
    2011.

    >>> policy = NewItems(0.5, impressions={"a": 500, "b": 500})
    >>> random = np.random.default_rng(2)
    >>> policy.draw([3.0, 2.0, 1.0, 0.0], 2, random, items=["a", "b", "c", "d"])
    Shown(order=array([3, 2]), propensities=array([0.25, 0.5 ]))
    """

    given_above = True

    def __init__(self, share, impressions=None, clicks=None, few=100, prior=19.0):
        if not 0.0 < share < 1.0:
            raise InputError(f"share must be above 0 and below 1, such as 0.1: got {share}")
        if not 0.5 <= prior < np.inf:
            raise InputError(f"prior must be at least 0.5, such as 19: got {prior}")
        self.share, self.prior = float(share), float(prior)
        self.few = whole_number(few, "few", 1, MOST)
        self._impressions = {} if impressions is None else impressions
        self._clicks = {} if clicks is None else clicks
        for item, number in self._clicks.items():
            if not 0 <= number <= self._impressions.get(item, 0):
                raise InputError(
                    f"item {item!r} has {number} clicks and {self._impressions.get(item, 0)} "
                    "impressions: expected at most as many clicks"
                )

    def __str__(self):
        return f"new:{self.share:g}"

    def draw(self, scores, k, random, items=None):
        """Draws a list; as `EpsilonGreedy.draw`, but `items` is read: `(m,)`, ids."""
        scores, k = candidate_scores(scores, k)
        if items is None or len(items) != len(scores):
            raise InputError(f"items: expected the ids of the {len(scores)} candidates")
        shown = np.array([self._impressions.get(item, 0) for item in items], dtype="int64")
        clicked = np.array([self._clicks.get(item, 0) for item in items], dtype="int64")
        clicked = np.minimum(clicked, shown)  # counts that grow may be behind each other
        new, left = shown < self.few, np.ones(len(scores), dtype=bool)
        order, propensities = np.empty(k, dtype="int64"), np.empty(k)
        # Posteriors of candidates that are not new are not read: any valid counts will do.
        good = np.where(new, clicked, 0) + 1.0
        bad = np.where(new, shown - clicked, 0) + self.prior
        for position in range(k):
            pool, best = np.flatnonzero(left & new), int(np.argmax(left))
            share = self.share if len(pool) else 0.0
            chosen = best
            if random.random() < share:
                chosen = int(pool[np.argmax(random.beta(good[pool], bad[pool]))])
            propensity = (1.0 - share) * (chosen == best)
            if share and new[chosen]:
                place = int(np.searchsorted(pool, chosen))
                propensity += share * chance_of_best(place, good[pool], bad[pool])
            order[position], propensities[position] = chosen, propensity
            left[chosen] = False
        return Shown(order, propensities)
