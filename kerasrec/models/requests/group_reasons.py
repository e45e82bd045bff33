"""Explains a score by groups: of features, or of the models of a blend."""

import numpy as np
from keras import ops

# What groups do only together, and the value of an answer without any of them.
TOGETHER = "together"
NONE = "without all of them"
# Relative size of what is left of a sum in float32.
ROUNDING = 1e-5


def group_reasons(model, inputs, rows, catalog):
    """For each answer what each group adds to its score, or for a ranker to the logarithm of it.

    Args:
        model: A model with `feature_groups`.
        inputs: Model inputs of n queries.
        rows: `(n, k)` recommendations.
        catalog: `model.encode_catalog()`.

    Returns:
        n lists of k lists of dicts `group`, `contribution`, the largest first; "together" is what
        groups do only together. With the last, the value without all groups, they add up to what
        is explained. Both are left out where they are nothing but rounding.
    """
    n, k = rows.shape
    queries = model.encode_queries(inputs)
    repeated = {name: np.repeat(x, k, axis=0) for name, x in queries.items()}
    found = model.group_contributions(repeated, rows.reshape(-1), catalog)
    full, none, parts = (ops.convert_to_numpy(one).astype("float64") for one in found)
    parts = np.column_stack([parts, full - none - parts.sum(axis=1)])
    names = [*model.feature_groups, TOGETHER]
    found = []
    for own, base in zip(parts, none, strict=True):
        listed = [
            {"group": names[place], "contribution": float(own[place])}
            for place in np.argsort(-np.abs(own), kind="stable")
        ]
        listed.append({"group": NONE, "contribution": float(base)})
        least = ROUNDING * max(1.0, float(np.abs(own).max()))
        found.append(
            [
                each
                for each in listed
                if each["group"] not in (TOGETHER, NONE) or abs(each["contribution"]) > least
            ]
        )
    return [found[start : start + k] for start in range(0, n * k, k)]
