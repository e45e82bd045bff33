"""What each group of features adds to a ranker's score."""

import numpy as np
from keras import ops

from kerasrec.data.query_spec import ITEM, QUERY_INPUTS
from kerasrec.data.vocabulary import PADDING, UNKNOWN

LEAST = 1e-30


def feature_groups(ranker):
    """Names of the groups: "item", "user", "history", and each feature of the request."""
    steps = {name for name, each in QUERY_INPUTS.items() if each.per_step}
    groups = [] if ranker.schema.num_items <= 2 else [ITEM]
    groups += [name for name in ranker.query_inputs if name not in steps]
    return [*groups, "history"] if "history" in ranker.query_inputs else groups


def group_contributions(ranker, queries, rows):
    """Takes each group out of n pairs, and all of them; in `keras.ops`, so a graph traces it.

        c_g = v(all) - v(all without g)

    v is the logarithm of the score, or the score itself where that is a rating. A group is taken
    out by its value for what is not known: the unknown user or item, an empty history, a missing
    feature. What groups do only together is the rest, v(all) - v(none) - the sum of all c_g.

    Args:
        ranker: A `Ranker`.
        queries: Its inputs by name, first axis n.
        rows: Item rows `(n,)`.

    Returns:
        `(all, none, contributions)`: v with all groups and without any `(n,)`, and `(n, groups)` in
        the order of `feature_groups`.
    """
    inputs = {**queries, ITEM: rows}
    groups = feature_groups(ranker)
    # All variants as one batch: the first has every group, the last none.
    taken = [set(), *({group} for group in groups), set(groups)]
    batch = {name: ops.concatenate([_variant(ranker, name, x, out) for out in taken])
             for name, x in inputs.items()}  # fmt: skip
    rows = batch.pop(ITEM)
    values = _value(ranker, ranker.blended(ranker.score_tasks(batch, rows)))
    values = ops.reshape(values, (len(taken), -1))
    full, none = values[0], values[-1]
    return full, none, ops.transpose(full[None] - values[1:-1])


def _variant(ranker, name, x, out):
    group = name
    if name in QUERY_INPUTS and QUERY_INPUTS[name].per_step:
        group = "history"
    if name in ranker.profile_inputs:
        group = "user"
    if group not in out:
        return ops.convert_to_tensor(x)
    missing = PADDING
    if name in ("user", ITEM):
        missing = UNKNOWN
    return ops.full_like(ops.convert_to_tensor(x), missing)


def _value(ranker, scores):
    kinds = {task.name: task.kind for task in ranker.tasks}
    if any(kinds[name] == "rating" for name in ranker.blend):
        return scores
    return ops.log(ops.maximum(scores, np.float32(LEAST)))
