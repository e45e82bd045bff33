import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions

SIDE = 12


@pytest.fixture(scope="session")
def checkerboard():
    """Users like all items of their own parity, but each user's own item is withheld.

    The right answer for user u is item u: the only item of the right parity not seen yet. Item 98
    and 99 were never touched; their text says which parity they belong to.
    """
    users, items = np.divmod(np.arange(SIDE * SIDE), SIDE)
    liked = (users % 2 == items % 2) & (users != items)
    order = np.random.default_rng(0).permutation(liked.sum())
    frame = pd.DataFrame({"user": users[liked], "item": items[liked]}).iloc[order]
    numbers = [*range(SIDE), 98, 99]
    words = ["calm blue water", "wild red fire"]
    item_frame = pd.DataFrame(
        {
            "item": numbers,
            "title": [f"Number {n}" for n in numbers],
            "text": [words[n % 2] for n in numbers],
            "colour": [["blue"], ["red"]] * (len(numbers) // 2),
        }
    )
    item_frame["colour"] = item_frame["colour"].map(lambda colours: colours[0])
    return Interactions.from_frame(
        frame,
        item_frame=item_frame,
        item_features={
            "text": {"kind": "text", "length": 4},
            "colour": {"kind": "category"},
        },
        item_title="title",
        name="checkerboard",
    )
