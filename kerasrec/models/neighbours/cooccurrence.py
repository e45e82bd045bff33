"""Similarities of items by the users whom they have in common."""

import numpy as np

from kerasrec.models.neighbours.similarity import (
    cosine_blocks,
    from_lists,
    interaction_matrix,
    last_interactions,
    nearest,
)


def cooccurrence_blocks(train, shrinkage=10.0):
    """Shrunk cosines of the items of the train part, in blocks as of `cosine_blocks`.

        s(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage),   U_i: users of item i

    In |U| a user with n items counts mean(n) / n.

    Args:
        train: `Interactions`.
        shrinkage: Moves similarities over few users towards 0.
    """
    train = train.select(last_interactions(train))
    counts = train.user_counts()
    activity = np.maximum(counts, 1) / counts[counts > 0].mean()
    matrix = interaction_matrix(train, "item", np.sqrt(1 / activity[train.user]))
    return cosine_blocks(matrix, shrinkage)


def cooccurrence_table(train, keep, shrinkage=10.0):
    """The `keep` nearest items of each item j as a CSR table: the weights of j are its column."""
    size = len(train.items)
    similarities = cooccurrence_blocks(train, shrinkage)
    return from_lists(*nearest(similarities, size, min(keep, size))).T.tocsr()
