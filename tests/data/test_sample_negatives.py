import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.sample_negatives import sample_negatives
from kerasrec.errors import InputError


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 30, 400), "item": rng.integers(0, 50, 400)})
    return Interactions.from_frame(frame)


def test_distinct_and_never_interacted_with(data):
    found = sample_negatives(data, 20, np.random.default_rng(1))
    assert found.lengths.tolist() == [20] * len(data.users)
    histories = data.histories()
    for user in range(len(data.users)):
        assert len(set(found[user])) == 20
        assert not set(found[user]) & set(histories[user])
        assert found[user].min() >= 2 and found[user].max() < len(data.items)


def test_all_that_is_left_and_one_more(data):
    most = max(len(set(data.histories()[user])) for user in range(len(data.users)))
    left = len(data.items) - 2 - most
    assert sample_negatives(data, left, np.random.default_rng(2)).lengths.min() == left
    with pytest.raises(InputError, match=f"a user with {most} of 50 items has only {left} others"):
        sample_negatives(data, left + 1, np.random.default_rng(2))


def test_uniform_over_what_is_left():
    data = Interactions.from_frame(pd.DataFrame({"user": list("uuv"), "item": list("aba")}))
    many = Interactions.from_frame(
        pd.DataFrame({"user": [f"u{n}" for n in range(4000)], "item": ["a", "b", "c", "d"] * 1000})
    )
    found = sample_negatives(many, 1, np.random.default_rng(3))
    first = many.user[many.item == 2]  # these have a, and b, c, d are left for them
    counts = np.bincount(found.take(first).items, minlength=6)[3:]
    assert len(first) == 1000 and counts.sum() == 1000
    assert abs(counts - 1000 / 3).max() < 4 * np.sqrt(1000 * 2 / 9)
    with pytest.raises(InputError, match="only 0 others"):
        sample_negatives(data, 1, np.random.default_rng(4))
