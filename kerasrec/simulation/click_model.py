"""Whether somebody clicks what is shown: a position-based model with a logistic of the utility."""

import numpy as np
from scipy import special


def examined(k):
    """The probability that position 1 to k of a list is looked at: `1 / position`, `(k,)`.

    >>> examined(4).round(2)
    array([1.  , 0.5 , 0.33, 0.25])
    """
    return 1.0 / np.arange(1, k + 1)


def click_probability(utility):
    """The probability of a click on each item of lists, independent of the other items:

        P(click on item i at position j) = 1 / j * 1 / (1 + exp(-utility(i)))

    The first factor is the examination: the position is looked at, whatever it shows. The second is
    the attraction: somebody who looks at the item takes it.

    Args:
        utility: `(n, k)`, of the items that are shown, first position first.

    Source: the examination hypothesis of Richardson et al., WWW 2007, and the position model of
    Craswell et al., An experimental comparison of click position-bias models, WSDM 2008; `1 / j` as
    in Joachims, Swaminathan, Schnabel, Unbiased learning-to-rank with biased feedback, WSDM 2017;
    the logistic is the binary choice of McFadden, Conditional logit analysis of qualitative choice
    behavior (1974).

    >>> click_probability([[0.0, 0.0]])
    array([[0.5 , 0.25]])
    """
    utility = np.asarray(utility, "float64")
    return examined(utility.shape[1]) * special.expit(utility)


def clicks(utility, looks, takes):
    """Bool `(n, k)`, by numbers that do not depend on the list, so that lists can be paired.

    Args:
        utility: As above.
        looks: `(n, k)` uniform numbers, of each person and position.
        takes: `(n, k)` uniform numbers, of each person and item that is shown.
    """
    return (looks < examined(utility.shape[1])) & (takes < special.expit(utility))
