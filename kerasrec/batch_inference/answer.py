"""The answers to some queries."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Answer:
    """The best items of m queries.

    Args:
        places: `(m, k)` places of items in the list of all item ids; any number where there is
            none.
        scores: `(m, k)` float32, -inf where there is no item.
        more: Further columns by name: `(m, k)` arrays of float32, or of lists of dicts.
    """

    places: np.ndarray
    scores: np.ndarray
    more: dict = dataclasses.field(default_factory=dict)
