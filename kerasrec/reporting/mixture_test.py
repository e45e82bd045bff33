"""A test that may be looked at whenever one likes."""

import math
import typing


class MixtureTest(typing.NamedTuple):
    """What is known of a difference after one look.

    Attributes:
        p: Smallest p-value that this look alone allows, at most 1.
        low, high: The confidence sequence: with probability 1 - alpha the truth is inside at all
            looks.
    """

    p: float
    low: float
    high: float


def mixture_test(difference, variance, spread, alpha=0.05):
    """The mixture sequential probability ratio test of a difference against 0.

    The alternative is a normal mixture of differences with the standard deviation t = `spread`. For
    an estimate d with variance V the likelihood ratio is

        L = sqrt(V / (V + t^2)) exp(t^2 d^2 / (2 V (V + t^2)))

    Without a difference L reaches 1 / alpha at any of all looks with probability at most alpha, so
    p = 1 / L, and the smallest p so far, may be read after each look. The interval holds all
    differences that are not rejected:

        d -+ sqrt(V (V + t^2) / t^2 (2 log(1 / alpha) + log((V + t^2) / V)))

    It is exact for a normal mean with known variance; for click rates V is estimated and the
    central limit theorem is used, so looks with few clicks must be left out.

    Args:
        difference: The estimate.
        variance: Its variance, above 0.
        spread: Size of the differences that are looked for. Another one loses power, not validity,
            as long as it was chosen before the looks.
        alpha: Chance of an error over all looks.

    Returns:
        `MixtureTest`.

    Source: Robbins, Statistical methods related to the law of the iterated logarithm (1970);
    Johari, Koomen, Pekelis, Walsh, Always valid inference: continuous monitoring of A/B tests,
    Operations Research 2022.

    >>> found = mixture_test(0.0, variance=1.0, spread=1.0)
    >>> found.p, round(found.high, 4)  # L = sqrt(1/2); sqrt(2 (2 log 20 + log 2))
    (1.0, 3.6564)
    """
    square = spread**2
    exponent = square * difference**2 / (2 * variance * (variance + square))
    log_ratio = exponent - math.log1p(square / variance) / 2
    bound = 2 * math.log(1 / alpha) + math.log1p(square / variance)
    reach = math.sqrt(variance * (variance + square) / square * bound)
    return MixtureTest(math.exp(-max(log_ratio, 0.0)), difference - reach, difference + reach)
