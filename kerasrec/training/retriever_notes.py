"""What a retriever has seen of the impressions that its ranker learns from."""

import numpy as np

from kerasrec.models.trained_on import pair_hashes

SAMPLE = 100_000


def retriever_notes(retriever, train, seed=0):
    """Sentences on positive impressions that the retriever was trained on.

    Its scores of what it has seen are better than those of what comes. A ranker that learned from
    such scores trusts them too much.

    Args:
        retriever: A fitted model.
        train: `Impressions` that the ranker is trained on.
        seed: Of the rows that are looked at, where there are many.
    """
    label = next(iter(train.labels.values()))
    rows = np.flatnonzero(label > 0)
    if not len(rows):
        return []
    if len(rows) > SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, SAMPLE, replace=False)
    users = train.users.vocabulary.lookup(train.user[rows])
    items = train.items.vocabulary.lookup(train.item[rows])
    seen = float(retriever.trained_on.holds(pair_hashes(users, items)).mean())
    if seen < 0.01:
        return []
    return [
        f"The retriever was trained on {seen:.0%} of the positive pairs that the ranker learns "
        "from: its scores are better there than on what comes. Train it on what was before them."
    ]
