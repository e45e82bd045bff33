"""The list of an exploring shop: a quota for books that were shown rarely, with propensities."""

import typing

import numpy as np

from kerasrec.exploration import ItemCounts, NewItems, request_random
from kerasrec.simulation.ranked import ranked
from kerasrec.simulation.world import SHOWN, STOCK

CANDIDATES = 100  # as many as the server asks a model for
SHARE = 0.1  # of the positions
FEW = 100  # impressions of a book that is no longer new


class Drawn(typing.NamedTuple):
    """Lists `(n, SHOWN)`: ids, propensities given the books above, what the model would show there
    if it did not explore (1 or 0, given the same books above), and its own best lists."""

    items: np.ndarray
    propensities: np.ndarray
    target: np.ndarray
    best: np.ndarray


class Explorer:
    """Draws lists by `NewItems` from the 100 best books and all that were shown rarely.

    The stock of the opening counts as known: what nobody wants of it is no discovery.

    Args:
        world: `World`.
    """

    def __init__(self, world):
        self._world, self._counts = world, ItemCounts()
        self._counts.impressions.update(dict.fromkeys(world.ids[:STOCK], FEW))
        self.policy = NewItems(SHARE, self._counts.impressions, self._counts.clicks, few=FEW)

    def lists(self, model, day, visitors, diary):
        """`Drawn` for the visitors of a day."""
        out = self._world.ids[: self._world.published(day)].tolist()
        histories = [diary.histories[person] for person in visitors]
        items, scores = ranked(model, histories, min(CANDIDATES, len(out)), out)
        rare = [number for number, book in enumerate(out) if self._counts.impressions[book] < FEW]
        drawn = Drawn(
            np.empty((len(visitors), SHOWN), object), *np.empty((2, len(visitors), SHOWN)),
            items[:, :SHOWN],
        )  # fmt: skip
        for row, person in enumerate(visitors):
            there = items[row] != ""
            known = set(items[row])
            more = [out[n] for n in rare if not diary.read[person, n] and out[n] not in known]
            candidates = [*items[row][there], *more]
            least = scores[row][there].min() - 1.0
            value = np.concatenate([scores[row][there], np.full(len(more), least)])
            random = request_random(f"{day}-{person}", self._world.seed)
            shown = self.policy.draw(value, SHOWN, random, candidates)
            drawn.items[row] = [candidates[place] for place in shown.order]
            drawn.propensities[row] = shown.propensities
            drawn.target[row] = _best_left(shown.order)
        return drawn

    def count(self, items, clicked):
        """Counts what was shown, ids `(n, SHOWN)`, and clicked, bool of the same shape."""
        self._counts.impressions.update(items.ravel())
        self._counts.clicks.update(items[clicked])


def _best_left(order):
    """Whether each place of a list is the smallest one that is not above it.

    >>> _best_left([0, 7, 1, 3])
    array([ True, False,  True, False])
    """
    return np.array([one == min(set(range(n + 1)) - set(order[:n])) for n, one in enumerate(order)])
