"""What the items of a user have in common, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec_zoo import ItemKNN, TwoTower

# "black" is in two of three items taken and in two of all four; "green" in 1/3 and in 1/4.
TWICE, ONCE = 2 / 3 * np.log(4 / 3), 1 / 3 * np.log(4 / 3)


def of(frame, feature):
    part = frame[frame["feature"] == feature]
    return dict(zip(part["value"], part["weight"], strict=True))


def test_shares_of_a_user_by_hand(model):
    found = model.profile("u")
    assert list(found.columns) == ["feature", "value", "weight", "items"]
    features = ["kind", "name", "price", "hour of the day", "day of the week"]
    assert list(dict.fromkeys(found["feature"])) == features
    assert of(found, "kind") == pytest.approx({"drink": 2 / 3, "hot": 2 / 3, "food": 1 / 3})
    words = of(found, "name")
    assert next(iter(words)) == "black"
    once = dict.fromkeys(["green", "tea", "coffee", "jam"], ONCE)
    assert words == pytest.approx({"black": TWICE, **once})
    prices = {"up to 2": 1 / 3, "2 to 4": 1 / 3, "4 to 6": 1 / 3}
    assert of(found, "price") == pytest.approx(prices)
    assert of(found, "hour of the day") == pytest.approx({"10:00": 2 / 3, "23:00": 1 / 3})
    assert of(found, "day of the week") == pytest.approx({"Monday": 2 / 3, "Sunday": 1 / 3})
    counts = dict(zip(found["value"], found["items"], strict=True))
    assert (counts["drink"], counts["black"], counts["Sunday"]) == (2, 2, 1)


def test_values_weigh_the_items_of_a_history(model):
    found = model.profile(history=["tea", "jam"], values=[3, 1])
    assert of(found, "kind") == pytest.approx({"drink": 0.75, "hot": 0.75, "food": 0.25})
    # "black" is in 1/4 of the weight and in half of all items: no keyword.
    words = {"green": 0.75 * np.log(3), "tea": 0.75 * np.log(3)}
    assert of(found, "name") == pytest.approx(words)
    assert "hour of the day" not in set(found["feature"])
    large = model.profile(history=["tea", "jam"], values=[1.5e308, 0.5e308])
    assert of(large, "kind") == pytest.approx({"drink": 0.75, "hot": 0.75, "food": 0.25})
    found = model.profile(history=["tea", "tea", "jam"], timestamps=[3600, None, 7200], k=1)
    assert of(found, "kind") == pytest.approx({"drink": 2 / 3})
    assert of(found, "day of the week") == pytest.approx({"Thursday": 2 / 3})


def test_a_checkpoint_has_the_same_profile(model, tmp_path):
    model.save(tmp_path / "m")
    pd.testing.assert_frame_equal(load(tmp_path / "m").profile("u"), model.profile("u"))


def test_buckets_are_named_by_their_borders():
    frame = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "c"]})
    items = pd.DataFrame({"item": ["a", "b", "c"], "size": [1, 5, 9], "year": [1990, 2000, 2010]})
    features = {
        "size": {"kind": "number", "buckets": 3},
        "year": {"kind": "number", "soft_buckets": 2},
    }
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    found = model.profile(1)
    assert of(found, "size") == pytest.approx({"up to 1": 0.5, "1 to 5": 0.5})
    centres = [f"about {one:g}" for one in train.items.encoders["year"].centres]
    assert centres == ["about 1990", "about 2010"]
    assert of(found, "year") == pytest.approx({centres[0]: 0.75, centres[1]: 0.25})


def test_a_missing_number_has_no_range():
    frame = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "c"]})
    items = pd.DataFrame({"item": ["a", "b", "c"], "price": [1, None, 9]})
    features = {"price": {"kind": "number"}}
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    assert of(model.profile(1), "price") == pytest.approx({"up to 1": 0.5})


def test_a_model_without_features_and_times():
    frame = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "c"]})
    train = Interactions.from_frame(frame)
    model = ItemKNN(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="ItemKNN knows no features of its items and no times"):
        model.profile(1)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "give a user or a history"),
        ({"user": "u", "history": ["tea"]}, "give a user or a history"),
        ({"user": "nobody"}, "does not know the user 'nobody'"),
        ({"user": "u", "values": [1, 1, 1]}, "values and timestamps belong to a history"),
        ({"history": "tea"}, "history must be a list of ids"),
        ({"history": []}, "no item that the model knows"),
        ({"history": ["tea", "jam"], "values": [1]}, "values: expected 2"),
        ({"history": ["tea", "jam"], "values": [1, -1]}, "finite weights of 0 or more"),
        ({"history": ["tea", "jam"], "values": [0, 0]}, "no item that the model knows"),
        ({"history": ["tea", "jam"], "timestamps": [1]}, "timestamps: expected 2"),
        ({"user": "u", "k": 0}, "k must be"),
        ({"user": ["u"]}, "user must be one id: got \\['u'\\]"),
        ({"history": ["tea", "jam"], "values": "ab"}, "values: expected numbers"),
    ],
)
def test_wrong_questions(model, arguments, message):
    with pytest.raises(InputError, match=message):
        model.profile(**arguments)


def test_unknown_items_are_left_out_and_that_is_said(model):
    with pytest.warns(UserWarning, match="1 unknown history item id, left out: gin"):
        found = model.profile(history=["tea", "gin"])
    assert of(found, "kind") == {"drink": 1.0, "hot": 1.0}
