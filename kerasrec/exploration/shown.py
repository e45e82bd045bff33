"""What a policy shows."""

import typing

import numpy as np


class Shown(typing.NamedTuple):
    """A list that was drawn from candidates, and how probable each of its items was.

    Attributes:
        order: int64 `(k,)`, the places of the shown items among the candidates, first shown first.
        propensities: float64 `(k,)`, the probability of each item at its position. Whether it is
            the probability over all lists, or given the items above it, is said by the policy's
            `given_above`.
    """

    order: np.ndarray
    propensities: np.ndarray
