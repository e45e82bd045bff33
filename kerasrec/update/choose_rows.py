"""The rows that a warm start is trained on: what is new, what was just before, and some old."""

import numpy as np
import pandas as pd

CONTEXT = 10  # earlier rows of a user with new ones, at least
TIMES = 4  # and so many times the new ones


def choose_rows(table, new, replay=4.0, seed=0):
    """New interactions with the latest earlier ones of their users, and a replay of other users.

    A model that reads histories needs what came before a new interaction: of each user with new
    ones the latest earlier ones are kept, 10 or 4 times the number of new ones. Training on new
    interactions alone forgets the old: other users are drawn, each with all interactions, until
    they have `replay` times as many rows as are new.

    Args:
        table: DataFrame with `user`, in the order of time.
        new: Bool array `(rows,)`.
        replay: Rows of other users for each new row.
        seed: Of the drawing.

    Returns:
        Row numbers, ascending.

    >>> table = pd.DataFrame({"user": list("uvuvwu")})
    >>> choose_rows(table, table.index == 5, replay=2).tolist()
    [0, 1, 2, 3, 5]
    """
    new = np.asarray(new, bool)
    codes, users = pd.factorize(table["user"])
    fresh = np.bincount(codes[new], minlength=len(users))
    # How many rows of the same user come later, among the old ones.
    old = np.flatnonzero(~new)
    after = pd.Series(codes[old]).groupby(codes[old]).cumcount(ascending=False).to_numpy()
    kept = after < np.where(fresh > 0, np.maximum(CONTEXT, TIMES * fresh), 0)[codes[old]]
    others = np.flatnonzero((fresh == 0) & (np.bincount(codes, minlength=len(users)) > 0))
    others = np.random.default_rng(seed).permutation(others)
    rows = np.cumsum(np.bincount(codes, minlength=len(users))[others])
    drawn = others[: np.searchsorted(rows, replay * new.sum()) + 1] if replay else others[:0]
    kept |= np.isin(codes[old], drawn)
    return np.sort(np.concatenate([np.flatnonzero(new), old[kept]]))
