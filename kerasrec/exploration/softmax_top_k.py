"""A list drawn by its scores: Gumbel top-k."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.exploration.candidate_scores import candidate_scores
from kerasrec.exploration.shown import Shown


class SoftmaxTopK:
    """Draws k of m candidates without repetition, by the softmax of their scores (Plackett-Luce).

    Gumbel noise is added to `score / temperature`, and the k largest sums are shown. This is the
    same as drawing one position after the other, each by the softmax of those that are left:

        p(item i at position j | items above) = exp(s_i / T) / sum over l not above of exp(s_l / T)

    This is the propensity: the probability given the items above. At the first position it is over
    all lists; further down the probability over all lists has no closed form. The probability of
    the whole list is the product.

    Args:
        temperature: T, in units of the model's scores: two items whose scores differ by T have odds
            of e to 1. Towards 0 the list is the ranked one.

    Attributes:
        given_above: True, propensities are those given the items above.

    Raises:
        InputError: for a temperature that is not above 0, or is not finite.

    Source: Kool, van Hoof, Welling, Stochastic beams and where to find them, ICML 2019; Plackett,
    The analysis of permutations (1975).

    >>> policy = SoftmaxTopK(1.0)
    >>> shown = policy.draw([np.log(3.0), 0.0], k=2, random=np.random.default_rng(0))
    >>> shown.order, shown.propensities
    (array([1, 0]), array([0.25, 1.  ]))
    """

    given_above = True

    def __init__(self, temperature):
        if not 0.0 < temperature < np.inf:
            raise InputError(f"temperature must be above 0 and finite: got {temperature}")
        self.temperature = float(temperature)

    def __str__(self):
        return f"softmax:{self.temperature:g}"

    def draw(self, scores, k, random, items=None):
        """Draws a list; arguments and `Shown` as in `EpsilonGreedy.draw`."""
        scores, k = candidate_scores(scores, k)
        noise = random.gumbel(size=len(scores))
        order = np.argsort(-(scores / self.temperature + noise), kind="stable")[:k]
        return Shown(order, self.propensities(scores, order))

    def propensities(self, scores, order):
        """The probabilities of the places `order`, each given those before it."""
        logits = np.asarray(scores, dtype="float64") / self.temperature
        weights = np.exp(logits - logits.max(initial=-np.inf))
        # The sum of what is left, from the smallest on: a difference from the total would cancel.
        rest = np.ones(len(weights), dtype=bool)
        rest[order] = False
        left = np.cumsum(weights[order][::-1])[::-1] + weights[rest].sum()
        with np.errstate(invalid="ignore"):
            found = weights[order] / left
        # Where all weights that are left are below the smallest number, the largest of them wins.
        for j in np.flatnonzero(~(left > 0)):
            among = np.concatenate([np.flatnonzero(rest), order[j:]])
            shifted = np.exp(logits[among] - logits[among].max())
            found[j] = np.exp(logits[order[j]] - logits[among].max()) / shifted.sum()
        return found
