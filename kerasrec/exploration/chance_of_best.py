"""The chance of an item to have the largest rate, under Beta posteriors."""

import functools

import numpy as np
from scipy import special

# Rates of clicks are small: the points lie denser towards 0.
POINTS = np.linspace(0.0, 1.0, 1001) ** 3
NEVER = -1e5  # instead of log 0, whose difference from itself is no number


def chance_of_best(place, successes, failures):
    """The probability that of one draw from each Beta posterior, that of `place` is the largest.

        P(i) = integral of f_i(x) product over j not i of F_j(x) dx

    for densities f and distribution functions F, as a sum over 1,000 intervals. The error is below
    1e-3 where no posterior has more than 1,000 observations.

    Args:
        place: Place of the item among the posteriors.
        successes, failures: Parameters of the Beta distributions, `(n,)`, at least 0.5.

    >>> round(chance_of_best(0, [1.0, 1.0, 1.0], [19.0, 19.0, 19.0]), 4)
    0.3333
    >>> round(chance_of_best(0, [2.0, 1.0], [1.0, 1.0]), 4)  # integral of 2 x^2
    0.6667
    """
    steps, own = _distribution(successes[place], failures[place])
    logs = sum(_distribution(*pair)[1] for pair in zip(successes, failures, strict=True))
    # A product without one factor is a difference of logarithms.
    return float(steps @ np.exp(logs - own))


@functools.lru_cache(maxsize=1024)
def _distribution(successes, failures):
    """Its increase in each interval, and its logarithm in the middle of each."""
    below = special.betainc(successes, failures, POINTS)
    with np.errstate(divide="ignore"):
        return np.diff(below), np.maximum(np.log((below[1:] + below[:-1]) / 2), NEVER)
