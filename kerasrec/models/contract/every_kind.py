"""A small table that has a column of every kind."""

import numpy as np
import pandas as pd

from kerasrec.data.interactions import Interactions

USERS, ITEMS, TAKEN = 12, 14, 9
WORDS = ("red", "blue", "sea", "sun", "fire")


def every_kind():
    """Invented `Interactions` of 12 users with 14 items. The last two items have none.

    Values from 1 to 5, two behaviors, times; item features of the kinds text, number and vector;
    user features of the kinds category and users. All of it is noise, always the same.
    """
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        [(user, item) for user in range(USERS) for item in random.permutation(ITEMS - 2)[:TAKEN]],
        columns=["user", "item"],
    )
    frame["value"] = random.integers(1, 6, len(frame))
    frame["timestamp"] = 1_000_000 + np.cumsum(random.integers(1, 100_000, len(frame)))
    frame["behavior"] = random.choice(["view", "buy"], len(frame))
    items = pd.DataFrame({"item": range(ITEMS)})
    items["text"] = [" ".join(random.permutation(WORDS)[:3]) for _ in range(ITEMS)]
    items["price"] = random.normal(size=ITEMS)
    items["look"] = random.normal(size=(ITEMS, 2)).tolist()
    users = pd.DataFrame({"user": range(USERS), "city": random.choice(["a", "b", "c"], USERS)})
    users["friends"] = [
        [str((n + 1 + step) % USERS) for step in range(n % 3)] for n in range(USERS)
    ]
    return Interactions.from_frame(
        frame,
        item_frame=items,
        item_features={
            "text": {"kind": "text", "length": 3},
            "price": {"kind": "number"},
            "look": {"kind": "vector"},
        },
        user_frame=users,
        user_features={"city": {"kind": "category"}, "friends": {"kind": "users"}},
        name="every kind",
    )
