"""A ranked list in which some positions are drawn uniformly."""

import functools

import numpy as np
from numpy.polynomial import polynomial

from kerasrec.errors import InputError
from kerasrec.exploration.candidate_scores import candidate_scores
from kerasrec.exploration.shown import Shown


class EpsilonGreedy:
    """Epsilon-greedy over a ranked list of m candidates, of which k are shown.

    Each of the k positions is free with probability epsilon, independently. A position that is not
    free shows its own item, the one that the model ranks there. The F free positions show, in
    uniform order and without repetition, items of the other `m - k + F` candidates, their own
    included. So with epsilon 1 the list is a uniform draw, and no item is shown twice.

    The propensity is the probability of the item at the position, over all draws. With
    `E(n, f) = mean of 1 / (m - k + f + B)` over B binomial with n trials and probability epsilon:

        item's own position:               1 - epsilon + epsilon E(k - 1, 1)
        another one of the first k:        epsilon^2 E(k - 2, 2)
        a candidate below the first k:     epsilon E(k - 1, 1)

    Args:
        epsilon: Probability that a position is free, above 0 and at most 1.

    Attributes:
        given_above: False, propensities are over all lists.

    Raises:
        InputError: for another epsilon.

    Source: Sutton and Barto, Reinforcement learning (2018), 2.2, for one position.

    >>> policy = EpsilonGreedy(0.5)
    >>> shown = policy.draw([3.0, 2.0, 1.0], k=1, random=np.random.default_rng(0))
    >>> shown.order, shown.propensities.round(4)
    (array([0]), array([0.6667]))
    """

    given_above = False

    def __init__(self, epsilon):
        if not 0.0 < epsilon <= 1.0:
            raise InputError(f"epsilon must be above 0 and at most 1, such as 0.05: got {epsilon}")
        self.epsilon = float(epsilon)

    def __str__(self):
        return f"epsilon:{self.epsilon:g}"

    def draw(self, scores, k, random, items=None):
        """Draws a list.

        Args:
            scores: `(m,)` finite numbers, in the order of the model. Only their number is read.
            k: How many are shown, at most m.
            random: A `numpy.random.Generator`, such as `request_random` makes.
            items: Ids of the candidates; not read.

        Returns:
            `Shown`.
        """
        scores, k = candidate_scores(scores, k)
        m = len(scores)
        order = np.arange(k)
        free = random.random(k) < self.epsilon
        if free.any():
            pool = np.concatenate([np.flatnonzero(free), np.arange(k, m)])
            order[free] = random.choice(pool, np.count_nonzero(free), replace=False)
        return Shown(order, self.propensities(order, m))

    def propensities(self, order, m):
        """The probabilities of the places `order` `(k,)` among m candidates at their positions."""
        own, other, below = _probabilities(m, len(order), self.epsilon)
        inside = np.where(order == np.arange(len(order)), own, other)
        return np.where(order < len(order), inside, below)


@functools.lru_cache(maxsize=1024)
def _probabilities(m, k, epsilon):
    """Of an item at its own position, at that of another, and of one below the first k."""
    if k == 0:
        return 1.0, 0.0, 0.0
    below = epsilon * _mean_reciprocal(k - 1, epsilon, m - k + 1)
    other = epsilon**2 * _mean_reciprocal(k - 2, epsilon, m - k + 2) if k > 1 else 0.0
    return 1.0 - epsilon + below, other, below


def _mean_reciprocal(trials, epsilon, size):
    """The mean of `1 / (size + B)`, B binomial."""
    chances = polynomial.polypow([1.0 - epsilon, epsilon], trials)
    return float(np.sum(chances / (size + np.arange(trials + 1))))
