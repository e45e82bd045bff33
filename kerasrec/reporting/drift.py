"""How far the last week is from the data that a model was trained on."""

import numpy as np

from kerasrec.reporting.popularity_divergence import popularity_divergence


def drift(recent, train):
    """Shares of unknown ids and the divergence of popularity.

    Args:
        recent: DataFrame `user`, `item`: the interactions of the last week.
        train: DataFrame `user`, `item`: those the model was trained on.

    Returns:
        dict `interactions`; `unknown_users` and `unknown_items`, shares of the interactions whose
        user or item is not in `train`; `divergence` and `divergence_by_chance`, see
        `popularity_divergence`; `drift`, the larger of `unknown_items` and of the divergence above
        chance. None without interactions.

    >>> import pandas as pd
    >>> train = pd.DataFrame({"user": ["u", "v"], "item": ["a", "b"]})
    >>> found = drift(pd.DataFrame({"user": ["u", "w"], "item": ["a", "c"]}), train)
    >>> found["unknown_users"], found["unknown_items"], found["divergence"]
    (0.5, 0.5, 0.5)
    """
    names = ("unknown_users", "unknown_items", "divergence", "divergence_by_chance", "drift")
    if not len(recent) or not len(train):
        return {"interactions": len(recent), **dict.fromkeys(names)}
    items = {side: frame["item"].astype(str) for side, frame in (("now", recent), ("old", train))}
    users = {side: frame["user"].astype(str) for side, frame in (("now", recent), ("old", train))}
    counts = {side: one.value_counts() for side, one in items.items()}
    every = counts["old"].index.union(counts["now"].index)
    columns = (counts[side].reindex(every, fill_value=0).to_numpy() for side in ("now", "old"))
    divergence, chance = popularity_divergence(*columns)
    known = [~np.isin(one["now"], one["old"].unique()) for one in (users, items)]
    unknown = [float(one.mean()) for one in known]
    larger = max(unknown[1], divergence - chance)
    values = (*unknown, divergence, chance, larger)
    return {"interactions": len(recent), **dict(zip(names, values, strict=True))}
