"""Policies by their names on the command line."""

from kerasrec.errors import InputError
from kerasrec.exploration.epsilon_greedy import EpsilonGreedy
from kerasrec.exploration.new_items import NewItems
from kerasrec.exploration.softmax_top_k import SoftmaxTopK

POLICIES = {"epsilon": EpsilonGreedy, "softmax": SoftmaxTopK, "new": NewItems}


def parse_policy(text, counts=None):
    """Makes a policy of `epsilon:0.05`, `softmax:0.5` or `new:0.1`.

    Args:
        text: Name and number.
        counts: `ItemCounts` of the policy `new`, which needs them.

    Raises:
        InputError: for another text.

    >>> parse_policy("epsilon:0.05").epsilon
    0.05
    """
    name, _, number = str(text).partition(":")
    try:
        value = float(number)
    except ValueError:
        value = None
    if name not in POLICIES or value is None:
        raise InputError(
            f"expected a policy with its number, epsilon:0.05, softmax:0.5 or new:0.1: got {text!r}"
        )
    if POLICIES[name] is not NewItems:
        return POLICIES[name](value)
    if counts is None:
        raise InputError(
            f"the policy {text} needs counts of impressions and clicks: serve with --events URL "
            "--log-impressions"
        )
    return NewItems(value, counts.impressions, counts.clicks)
