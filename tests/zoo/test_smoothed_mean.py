import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, Schema
from kerasrec.errors import InputError
from kerasrec_zoo import SmoothedMean


@pytest.fixture(scope="module")
def train():
    frame = pd.DataFrame({"user": list("aabbc"), "item": list("xyxzx"), "value": [5, 3, 4, 1, 2]})
    items = pd.DataFrame({"item": ["x", "y", "z", "never"]})
    return Interactions.from_frame(frame, item_frame=items)


def adapted(train, **arguments):
    model = SmoothedMean(train.schema(), **arguments)
    model.adapt(train)
    return model


def test_by_hand(train):
    # Means: a 4, b 2.5, c 2; x 11 / 3, y 3, z 1. Three items and three users have ratings.
    model = adapted(train, alpha=2.0, beta=0.5)
    found = model.score(users=["a", "a", "b", "c"], items=["x", "never", "z", "y"])
    size = 3**2 + 3
    right = [(0.5 * 8 + 4 + 11 / 3), 0.5 * 8 + 4, 0.5 * 5 + 2.5 + 1, 0.5 * 2 + 2 + 3]
    np.testing.assert_allclose(found, np.array(right) / size, rtol=1e-6)


def test_a_random_table_by_pandas():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 8, 40), "item": rng.integers(0, 9, 40)})
    frame = frame.drop_duplicates()
    frame["value"] = rng.integers(1, 6, len(frame))
    data = Interactions.from_frame(frame)
    model = adapted(data, alpha=0.5, beta=2.0)
    users, items = frame.groupby("user")["value"], frame.groupby("item")["value"]
    size = frame["item"].nunique() ** 0.5 + frame["user"].nunique()
    for user, sums in users.sum().items():
        for item, mean in items.mean().items():
            right = (2 * sums + users.mean()[user] + mean) / size
            assert model.score([str(user)], items=[str(item)]) == pytest.approx([right])
        break


def test_everybody_gets_the_items_in_the_order_of_their_means(train):
    answer = adapted(train, beta=3.0).recommend(users=list("abc"), k=4, repeats="allow")
    orders = answer.groupby("user")["item"].apply(list)
    assert orders.tolist() == [["x", "y", "z", "never"]] * 3
    with pytest.warns(UserWarning, match="answered with the means of the items"):
        stranger = adapted(train).recommend(users=["nobody"], k=4)
    assert stranger["item"].tolist() == ["x", "y", "z", "never"]


@pytest.mark.parametrize("wrong", [{"alpha": -1.0}, {"beta": -0.5}])
def test_what_means_nothing_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name}: expected a number of at least 0, got -"):
        SmoothedMean(Schema(num_users=4, num_items=4), **wrong)


@pytest.mark.parametrize("options", [{"alpha": 90.0}, {"alpha": 1000.0}, {"beta": 1e9}])
def test_an_order_that_float32_loses_is_refused(train, options):
    with pytest.raises(InputError, match="the same score in float32: choose a smaller one"):
        adapted(train, **options)
