import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.linear_model import Ridge

from kerasrec.data import Interactions, Schema, load
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models.neighbours import similarity
from kerasrec.tables import memory
from kerasrec_zoo import ease
from kerasrec_zoo.ease import EASE, item_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*no history that the model knows")


@pytest.fixture(scope="module")
def data():
    return load("synthetic", users=120, items=100)


def taken_of(data):
    taken = np.zeros((len(data.users), len(data.items)))
    taken[data.user, data.item] = 1
    return taken


def adapted(data, **options):
    model = EASE(data.schema(), **options)
    model.adapt(data)
    return model


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_each_column_is_a_ridge_regression_on_the_others(data, kind, monkeypatch):
    # The constraint diag(B) = 0 leaves one regression for each item, solved here one by one.
    monkeypatch.setattr(ease, "MAX_FLOAT64_ITEMS", 2**14 if kind == "float64" else 0)
    monkeypatch.setattr(similarity, "BLOCK_SIZE", 300)
    taken = taken_of(data)[:, 2:]
    found = item_weights(scipy.sparse.csr_matrix(taken.T), l2=3.0)
    assert found.dtype == kind
    right = np.zeros(found.shape)
    for item in range(len(right)):
        others = np.arange(len(right)) != item
        solved = Ridge(alpha=3.0, fit_intercept=False).fit(taken[:, others], taken[:, item])
        right[others, item] = solved.coef_
    np.testing.assert_allclose(found, right, atol=1e-9 if kind == "float64" else 1e-4)


def test_two_items_by_hand():
    # X'X + I = [[3, 1], [1, 2]] for a: u v, b: u. The regression of a on b is 1 / (1 + 1), of b on
    # a it is 1 / (2 + 1).
    frame = pd.DataFrame({"user": list("uvuw"), "item": list("aabc")})
    model = adapted(Interactions.from_frame(frame), l2=1.0)
    found = model.score(histories=[["b"], ["a"], ["c"]], items=["a", "b", "a"])
    np.testing.assert_allclose(found, [1 / 2, 1 / 3, 0.0], atol=1e-6)
    answer = model.recommend(histories=[["b", "c"]], k=1, explain=True)
    (reasons,) = answer["reasons"]
    assert [(r["item"], r["contribution"]) for r in reasons] == [("b", pytest.approx(1 / 2))]


def test_all_neighbours_are_the_full_table(data):
    full, sparse = adapted(data), adapted(data, num_neighbours=10**6)
    users = list(data.users.vocabulary.ids)
    one, other = (model.recommend(users=users, k=100, repeats="allow") for model in (full, sparse))
    np.testing.assert_allclose(one["score"], other["score"], atol=1e-6)
    table = np.asarray(full.neighbour_scores.weight)
    assert table.any() and not table[:2].any() and not table[:, :2].any()


def test_few_neighbours_are_the_largest_weights(data):
    table = np.asarray(adapted(data).neighbour_scores.weight)
    few = adapted(data, num_neighbours=5).neighbour_scores
    kept = np.zeros(table.shape)
    np.put_along_axis(kept, np.asarray(few.neighbours), np.asarray(few.weight), axis=1)
    smallest = -np.sort(-np.abs(table), axis=1)[:, 4:5]
    np.testing.assert_allclose(kept, np.where(np.abs(table) >= smallest, table, 0), atol=1e-7)
    users = list(data.users.vocabulary.ids[:3])
    for reasons, score in zip(
        *adapted(data, num_neighbours=5)
        .recommend(users, k=2, explain=99)[["reasons", "score"]]
        .to_numpy()
        .T,
        strict=True,
    ):
        assert sum(reason["contribution"] for reason in reasons) == pytest.approx(score, abs=1e-5)


def test_parts_that_never_meet_and_items_nobody_took(data):
    frame = pd.DataFrame({"user": list("uuvvww"), "item": list("ababcd")})
    items = pd.DataFrame({"item": list("abcdef")})
    parted = Interactions.from_frame(frame, item_frame=items)
    for options in ({}, {"num_neighbours": 3}):
        model = adapted(parted, l2=0.5, **options)
        answer = model.recommend(histories=[["a"], ["e"], []], k=6, repeats="allow")
        scores = answer.pivot(index="user", columns="item", values="score")
        assert scores.loc[0, "b"] > 0
        assert not scores.loc[0, list("acdef")].any() and not scores.loc[1].any()
        # No history: what is popular.
        counts = np.log([3, 3, 2, 2, 1, 1])
        np.testing.assert_allclose(scores.loc[2].astype(float), counts, rtol=1e-6)


def test_an_item_taken_twice_is_taken(data):
    frame = pd.DataFrame({"user": list("uvuwu"), "item": list("aabca"), "timestamp": range(5)})
    model = adapted(Interactions.from_frame(frame), l2=1.0)
    np.testing.assert_allclose(model.score(histories=[["b"]], items=["a"]), [1 / 2], atol=1e-6)


@pytest.mark.parametrize("l2", [0, -1.0, float("inf"), float("nan")])
def test_a_penalty_that_is_none_is_refused(l2):
    with pytest.raises(InputError, match="l2: expected a number"):
        EASE(Schema(num_users=5, num_items=6), l2=l2)


def test_a_penalty_that_is_too_small_for_float32_is_refused(data, monkeypatch):
    monkeypatch.setattr(ease, "MAX_FLOAT64_ITEMS", 0)
    frame = pd.DataFrame({"user": [f"u{n}" for n in range(200)] * 2})
    frame["item"] = ["a"] * 200 + ["b"] * 200
    with pytest.raises(InputError, match="l2: 1e-09 is too small for float32: increase it"):
        adapted(Interactions.from_frame(frame), l2=1e-9)


def test_memory_is_asked_before_it_is_taken(data, monkeypatch):
    with pytest.raises(InputError, match=r"3,000,000 x 3,000,000 x 4 .*GiB.*num_neighbours"):
        EASE(Schema(num_users=5, num_items=3_000_000))
    with pytest.raises(InputError, match="num_neighbours: expected at least 1"):
        EASE(Schema(num_users=5, num_items=6), num_neighbours=0)
    model = EASE(data.schema(), num_neighbours=3)
    size = len(np.unique(data.item))
    # Two numbers of 4 bytes for one of 8.
    monkeypatch.setattr(memory, "free_memory", lambda: 8 * size**2 - 1)
    with pytest.raises(InputError, match=f"float64 inverse for {size} items"):
        model.adapt(data)
    monkeypatch.setattr(memory, "free_memory", lambda: 8 * size**2)
    model.adapt(data)


@pytest.mark.slow
@pytest.mark.export
def test_the_full_table_is_exported(data, tmp_path):
    assert export(adapted(data), tmp_path / "1", k=5)["difference"] <= 1e-5


@pytest.mark.parametrize("size", [1, 7, 8, 9, 30])
def test_sweeping_in_blocks_is_minus_the_inverse(size):
    draw = np.random.default_rng(size).normal(size=(size, size))
    table = draw @ draw.T + np.eye(size)
    swept = table.copy()
    ease.sweep(swept, step=8)
    lower = np.tril_indices(size)
    np.testing.assert_allclose(swept[lower], -np.linalg.inv(table)[lower], rtol=1e-9, atol=1e-12)
