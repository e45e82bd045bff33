"""The users that an evaluation ranks for."""

import numpy as np

from kerasrec.whole_number import whole_number


def draw_users(split, part, users, seed=0):
    """Some of the users of a part, drawn at random.

    Args:
        split: `Split`.
        part: "validation" or "test".
        users: How many; None for all, as where there are no more.
        seed: Of the drawing.

    Returns:
        `(rows, notes)`: the rows of the drawn users, ascending, and a sentence on the drawing;
        `(None, ())` for all users.
    """
    found = split.query_users(part)
    if users is None or whole_number(users, "users", 1) >= len(found):
        return None, ()
    # Not the generator of the bootstrap, which draws from the same seed.
    index = np.random.default_rng([seed, 1]).choice(len(found), users, replace=False)
    note = f"Ranked for {users:,} of {len(found):,} users, drawn at random with seed {seed}."
    return found[np.sort(index)], (note,)
