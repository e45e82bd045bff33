"""The check that all policies make of their candidates."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number


def candidate_scores(scores, k):
    """Returns scores as float64 `(m,)` and k, at most m.

    Raises:
        InputError: if the scores are no list of finite numbers, or k is below 1.

    >>> candidate_scores([3.0, 1.0], k=5)
    (array([3., 1.]), 2)
    """
    scores = np.asarray(scores, dtype="float64")
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise InputError(
            f"scores: expected one finite number for each candidate, got the shape {scores.shape} "
            f"with {np.count_nonzero(~np.isfinite(scores))} that are not finite"
        )
    return scores, min(whole_number(k, "k", 1), len(scores))
