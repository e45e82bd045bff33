"""Whether the log shows what the target policy would show."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.evaluation.clustered_ratio import clustered_ratio

# Level of the interval of the mean weight: weights are skewed, and a good log must not be refused.
SURE = 1 - 1e-6
ALLOWED = 1e-6


def check_support(weights, requests, uncovered=None):
    """Refuses a target that shows items which the log never shows.

    Where it is known, the target's probability of such items is `uncovered`. In any case the mean
    weight must be 1: it is the target's probability of what the log covers.

    Args:
        weights: `(n,)`, target over logged probability.
        requests: `(n,)`, the request of each row, or None.
        uncovered: `(n,)`, the target's probability, at the position of the row, of all items that
            the logging policy shows there with probability 0; None if it is not known.

    Raises:
        InputError: with the share of the target's probability that is not covered.
    """
    if uncovered is not None:
        share = float(np.mean(uncovered))
        if not 0 <= share <= ALLOWED:
            raise InputError(f"{share:.2%} of the target's probability is {_advice()}")
    mean = clustered_ratio(weights, clusters=requests, level=SURE)
    if mean.high < 1.0:
        raise InputError(
            f"the mean weight is {mean.value:.4f}, at most {mean.high:.4f}: about "
            f"{1 - mean.value:.2%} of the target's probability is {_advice()}"
        )
    if mean.low > 1.0:
        raise InputError(
            f"the mean weight is {mean.value:.4f}, at least {mean.low:.4f}, and must be 1: the "
            "target's probabilities sum to more than 1, or the propensities are too small"
        )


def _advice():
    return (
        "on items that the log does not show, or not often enough: nothing says what they earn. "
        "Judge a policy that shows less of them, or explore more"
    )
