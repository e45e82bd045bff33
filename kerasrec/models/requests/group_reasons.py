"""Explains the score of a ranker by groups of features."""

import numpy as np
from keras import ops

from kerasrec.models.group_contributions import TOGETHER

# The value of an answer without any of the groups.
NONE = "without all of them"


def group_reasons(model, inputs, rows, catalog):
    """For each answer what each group of features adds to the logarithm of its score.

    Args:
        model: A model with `feature_groups`.
        inputs: Model inputs of n queries.
        rows: `(n, k)` recommendations.
        catalog: `model.encode_catalog()`.

    Returns:
        n lists of k lists of dicts `group`, `contribution`, the largest first; "together" is what
        groups do only together. With the last, the value without all groups, they add up to the
        logarithm of the score.
    """
    n, k = rows.shape
    queries = model.encode_queries(inputs)
    repeated = {name: np.repeat(x, k, axis=0) for name, x in queries.items()}
    none, parts = model.group_contributions(repeated, rows.reshape(-1), catalog)
    none, parts = ops.convert_to_numpy(none), ops.convert_to_numpy(parts)
    names = [*model.feature_groups, TOGETHER]
    found = []
    for own, base in zip(parts, none, strict=True):
        listed = [
            {"group": names[place], "contribution": float(own[place])}
            for place in np.argsort(-np.abs(own), kind="stable")
        ]
        found.append([*listed, {"group": NONE, "contribution": float(base)}])
    return [found[start : start + k] for start in range(0, n * k, k)]
