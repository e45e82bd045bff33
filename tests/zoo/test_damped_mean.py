import dataclasses
import os

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, load, splits
from kerasrec.errors import InputError
from kerasrec_zoo.damped_mean import DampedMean

real = pytest.mark.skipif(not os.environ.get("KERASREC_DATA"), reason="KERASREC_DATA is not set")


def ratings(users="aabbc", items="xyxzx", values=(5, 3, 4, 1, 2)):
    frame = pd.DataFrame({"user": list(users), "item": list(items), "value": values})
    return Interactions.from_frame(
        frame, item_frame=pd.DataFrame({"item": ["x", "y", "z", "never"]})
    )


def adapted(train, **arguments):
    model = DampedMean(train.schema(), **arguments)
    model.adapt(train)
    return model


def test_one_sweep_by_hand():
    model = adapted(ratings(), item_damping=1, user_damping=2, sweeps=1)
    # mu = 3; b_x = (2 + 1 - 1) / (3 + 1) = .5, b_y = 0, b_z = -2 / 2 = -1
    # b_a = (1.5 + 0) / 4 = .375, b_b = (.5 - 1) / 4 = -.125, b_c = -1.5 / 3 = -.5
    scores = model.score(users=["a", "b", "c"], items=["x", "z", "y"])
    np.testing.assert_allclose(scores, [3.875, 1.875, 2.5], atol=1e-6)


def test_many_sweeps_are_the_ridge_regression():
    generator = np.random.default_rng(0)
    pairs = generator.choice(8 * 6, 30, replace=False)
    users, items = [str(u) for u in pairs // 6], [f"i{i}" for i in pairs % 6]
    values = generator.integers(1, 6, 30)
    train = Interactions.from_frame(pd.DataFrame({"user": users, "item": items, "value": values}))
    model = adapted(train, item_damping=3, user_damping=4, sweeps=200)
    num_users, num_items = len(train.users), len(train.items)
    design = np.zeros((30, num_users + num_items))
    design[np.arange(30), train.user] = 1
    design[np.arange(30), num_users + train.item] = 1
    ridge = np.diag([4.0] * num_users + [3.0] * num_items)
    offsets = np.linalg.solve(
        design.T @ design + ridge, design.T @ (train.value - train.value.mean())
    )
    expected = train.value.mean() + design @ offsets
    np.testing.assert_allclose(
        model.score_pairs({"user": train.user}, train.item), expected, atol=1e-5
    )


def test_who_is_unknown_is_average():
    model = adapted(ratings())
    with pytest.warns(UserWarning, match="unknown"):
        assert model.score(users=["nobody"], items=["never"])[0] == pytest.approx(3.0)
    bias_of_x = model.score(users=["c"], items=["x"]) - model.score(users=["c"], items=["never"])
    with pytest.warns(UserWarning, match="unknown"):
        score = model.score(users=["nobody"], items=["x"])
    np.testing.assert_allclose(score, 3.0 + bias_of_x, atol=1e-6)


@pytest.mark.parametrize("damping", [0.0, 5.0])
def test_a_constant_stays_constant(damping):
    model = adapted(ratings(values=[4] * 5), item_damping=damping, user_damping=damping)
    scores = model.score(users=["a", "b", "c"], items=["z", "y", "never"])
    np.testing.assert_allclose(scores, 4.0, atol=1e-6)


def test_parts_that_nothing_connects_keep_their_own_level():
    model = adapted(ratings("aabb", "xyzw", [5, 5, 1, 1]), item_damping=0, user_damping=0)
    np.testing.assert_allclose(model.score(users=["a", "b"], items=["x", "z"]), [5, 1], atol=1e-6)


def test_no_item_of_the_history_is_a_reason():
    model = adapted(ratings())
    assert not model.contributions({"user": np.array([2])}, np.array([2, 3]), np.array([4])).any()


@pytest.mark.parametrize(
    "bad,message",
    [
        ({"item_damping": -1.0}, "item_damping: expected .* at least 0, got -1.0"),
        ({"user_damping": float("nan")}, "user_damping: expected"),
        ({"sweeps": 0}, "sweeps: expected a whole number from 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(bad, message):
    with pytest.raises(InputError, match=message):
        DampedMean(ratings().schema(), **bad)


def test_a_value_that_is_not_a_number_is_refused():
    train = dataclasses.replace(ratings(), value=np.array([1, 2, np.nan, 3, 4]))
    with pytest.raises(InputError, match="no finite solution"):
        adapted(train)


@real
def test_the_published_baseline_of_ml_100k():
    """Surprise's BaselineOnly: .944 over random 5-folds, with its dampings and ten sweeps."""
    data = load("ml-100k", features=False)
    errors = []
    for fold in range(5):
        split = splits.k_fold(data, fold=fold, validation=0.0)
        model = adapted(split.train, item_damping=10, user_damping=15, sweeps=10)
        scores = model.score_pairs({"user": split.test.user}, split.test.item)
        errors.append(np.sqrt(np.mean((scores - split.test.value) ** 2)))
    assert np.mean(errors) == pytest.approx(0.944, abs=0.001)
