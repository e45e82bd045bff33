"""Items that a user has not interacted with."""

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.vocabulary import FIRST
from kerasrec.distinct import distinct, is_in
from kerasrec.errors import InputError


def sample_negatives(data: Interactions, count: int, rng: np.random.Generator) -> Histories:
    """`count` distinct items for each user row, drawn uniformly from items not in its history.

    Rows 0 and 1 count as users without interactions.

    Raises:
        InputError: a user has fewer than `count` items without interaction.
    """
    num_items, num_users = len(data.items), len(data.users)
    seen = distinct(data.user.astype(np.int64) * num_items + data.item)
    most = int(np.bincount(seen // num_items, minlength=num_users).max())
    if num_items - FIRST - most < count:
        raise InputError(
            f"{count} negatives for each user, and a user with {most} of {num_items - FIRST} items "
            f"has only {num_items - FIRST - most} others: set a smaller number"
        )
    users = np.repeat(np.arange(num_users, dtype=np.int64), count)
    keys = np.empty(len(users), dtype=np.int64)
    missing = np.arange(len(users))
    while len(missing):
        drawn = users[missing] * num_items + rng.integers(FIRST, num_items, len(missing))
        keys[missing] = drawn
        again = np.ones(len(keys), dtype=bool)
        # One of several equal draws is kept.
        again[np.unique(keys, return_index=True)[1]] = False
        again[missing[is_in(drawn, seen)]] = True
        missing = np.flatnonzero(again)
    return Histories.from_pairs(users, keys % num_items, num_users)
