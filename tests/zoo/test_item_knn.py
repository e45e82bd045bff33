import heapq
import os

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, Schema, load
from kerasrec.data.splits import by_fold
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec_zoo.item_knn import ItemKNN
from kerasrec_zoo.user_knn import UserKNN

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("cls", [ItemKNN, UserKNN])


def interactions(pairs, values=None):
    frame = pd.DataFrame([tuple(pair) for pair in pairs], columns=["user", "item"]).astype(str)
    return Interactions.from_frame(frame if values is None else frame.assign(value=values))


@pytest.fixture(scope="module")
def ratings():
    """Random ratings of 15 users and 12 items, in two parts that have nothing in common."""
    rng = np.random.default_rng(0)
    pairs = [(u, i) for u in range(15) for i in range(12) if (u < 9) == (i < 7)]
    pairs = [pair for pair in pairs if rng.random() < 0.6]
    return interactions(pairs, rng.integers(1, 6, len(pairs)))


def adapted(cls, data, **options):
    model = cls(data.schema(), **options)
    model.adapt(data)
    return model


def of(users):
    """The inputs of known users, who give no ratings."""
    nothing = np.zeros((len(users), 1))
    return {"user": users, "history": nothing.astype("int32"), "value": nothing.astype("float32")}


def published(data, near, k, baseline):
    """Every rating by the definition, one pair after another, with similarities by MSD."""
    table = np.full((len(data.users), len(data.items)), np.nan)
    table[data.user, data.item] = data.value
    mean = data.value.astype("float64").mean()
    levels = np.zeros(table.shape)
    if baseline == "biases":
        user, item = np.zeros(len(table)), np.zeros(table.shape[1])
        for _ in range(10):
            item = np.nansum(table - mean - user[:, None], axis=0)
            item /= 10 + (~np.isnan(table)).sum(axis=0)
            user = np.nansum(table - mean - item, axis=1)
            user /= 15 + (~np.isnan(table)).sum(axis=1)
        levels = mean + user[:, None] + item
    if near == "item":
        table, levels = table.T, levels.T
    if baseline == "means":
        means = [row[~np.isnan(row)].mean() if (~np.isnan(row)).any() else mean for row in table]
        levels = np.repeat(np.array(means)[:, None], table.shape[1], axis=1)
    found = levels if baseline != "none" else np.full(table.shape, mean)
    found = found.copy()
    for a in range(len(table)):
        for b in range(table.shape[1]):
            others = []
            for c in np.flatnonzero(~np.isnan(table[:, b])):
                gaps = table[a] - table[c]
                if c != a and not np.isnan(gaps).all():
                    others.append((1 / (1 + np.nanmean(gaps**2)), table[c, b] - levels[c, b]))
            others = heapq.nlargest(k, others)
            if others:
                weight, rest = np.array(others).T
                found[a, b] = weight @ rest / weight.sum() + levels[a, b]
    return found.T if near == "item" else found


@BOTH
@pytest.mark.parametrize("baseline", ["none", "means", "biases"])
def test_ratings_are_those_of_the_definition(cls, baseline, ratings):
    near = "item" if cls is ItemKNN else "user"
    # All neighbours: with fewer, ties of the similarity leave the choice open.
    model = adapted(cls, ratings, task="rating", similarity="msd", shrinkage=0, baseline=baseline)
    right = published(ratings, near, 100, baseline)
    users, items = (x.ravel() for x in np.indices(right.shape, "int32"))
    found = model.score_pairs(of(users), items)
    np.testing.assert_allclose(found, right.ravel(), atol=1e-5)
    np.testing.assert_allclose(
        model.encode_queries(of(np.arange(len(right), dtype="int32"))), right, atol=1e-5
    )
    given = () if cls is ItemKNN else ("history", "value")
    assert model.predicts_values and model.query_inputs == ("user", *given)


def test_item_ratings_by_hand():
    # a and b differ by 1 for both users, so s = 1 / 2; a and c by 2 for u, s = 1 / 5.
    data = interactions(["ua", "ub", "uc", "va", "vb", "wb", "wc"], [4, 5, 2, 1, 2, 4, 1])
    options = {"task": "rating", "similarity": "msd", "shrinkage": 0, "baseline": "none"}
    right = (4 / 2 + 1 / 5) / (1 / 2 + 1 / 5)
    assert adapted(ItemKNN, data, **options).score(["w"], items=["a"]) == pytest.approx([right])
    nearest = adapted(ItemKNN, data, num_neighbours=1, **options)
    assert nearest.score(["w"], items=["a"]) == pytest.approx([4.0])
    # n / (n + 2): 2 / 4 for b, 1 / 3 for c.
    shrunk = adapted(ItemKNN, data, **{**options, "shrinkage": 2})
    right = (4 / 4 + 1 / 15) / (1 / 4 + 1 / 15)
    assert shrunk.score(["w"], items=["a"]) == pytest.approx([right])
    few = adapted(ItemKNN, data, min_neighbours=3, **options)
    assert few.score(["w"], items=["a"]) == pytest.approx([data.value.mean()])


@BOTH
def test_who_is_not_known_gets_the_baseline(cls, ratings):
    for baseline in ("none", "means", "biases"):
        model = adapted(cls, ratings, task="rating", baseline=baseline)
        found = model.score_pairs(of(np.array([0, 1])), np.array([1, 0]))
        assert found == pytest.approx([ratings.value.mean()] * 2)


@BOTH
@pytest.mark.parametrize("similarity", ["cosine", "pearson", "adjusted_cosine", "msd"])
def test_equal_ratings_are_estimated_as_they_are(cls, similarity):
    data = interactions(["ua", "ub", "va", "vc", "wb", "xd"], [3.0] * 6)
    model = adapted(cls, data, task="rating", similarity=similarity)
    answer = model.recommend(users=list("uvwx"), k=2)
    np.testing.assert_allclose(answer["score"], 3.0, atol=1e-6)


@BOTH
def test_more_neighbours_than_there_are(cls, ratings):
    for options in ({}, {"task": "rating"}, {"task": "rating", "num_ratings": 1000}):
        model = adapted(cls, ratings, num_neighbours=10**6, **options)
        assert np.isfinite(model.recommend(users=list("012"), k=12)["score"]).all()


@BOTH
@pytest.mark.parametrize(
    "options,message",
    [
        ({"similarity": "jaccard"}, "similarity: expected one of cosine"),
        ({"similarity": "pearson"}, 'similarity: .pearson. compares ratings.*task="rating"'),
        ({"task": "classify"}, "task: expected one of ranking, rating, got .classify."),
        ({"baseline": "mean"}, "baseline: expected one of none"),
        ({"num_neighbours": 0}, "num_neighbours: expected at least 1, got 0"),
        ({"min_neighbours": 0}, "min_neighbours: expected at least 1"),
        ({"shrinkage": -1.0}, "shrinkage: .*at least 0, got -1.0"),
        ({"task": "rating", "num_ratings": 0}, "num_ratings: expected at least 1, got 0"),
    ],
)
def test_what_means_nothing_is_refused(cls, options, message):
    with pytest.raises(InputError, match=message):
        cls(Schema(num_users=5, num_items=6), **options)


@BOTH
def test_similarities_that_no_memory_holds_are_refused_with_the_sum(cls):
    near = "items" if cls is ItemKNN else "users"
    message = f"3,000,000 {near} .*3,000,000 x 3,000,000 x 4 .*GiB.*num_ratings"
    with pytest.raises(InputError, match=message):
        cls(Schema(num_users=3_000_000, num_items=3_000_000), task="rating", num_ratings=5)


def test_weights_by_hand():
    # a: u v w; b: u v; c: w. Of a and b 2 / (sqrt(6) + 1), of a and c 1 / (sqrt(3) + 1).
    data = interactions(["ua", "va", "wa", "ub", "vb", "wc"])
    model = adapted(ItemKNN, data, shrinkage=1.0)
    answer = model.recommend(histories=[["b", "c"]], k=1, explain=True)
    parts = [2 / (6**0.5 + 1), 1 / (3**0.5 + 1)]
    assert answer["item"].tolist() == ["a"]
    assert answer["score"].tolist() == pytest.approx([sum(parts)])
    (reasons,) = answer["reasons"]
    assert [r["item"] for r in reasons] == ["b", "c"]
    assert [r["contribution"] for r in reasons] == pytest.approx(parts)


def test_busy_users_count_less_and_only_the_nearest_of_an_item_do():
    # n = 3, 2, 2, 1, on average 2: the users count 2/3, 1, 1, 2.
    data = interactions(["ua", "ub", "uc", "va", "vb", "wb", "wc", "xb"])
    model = adapted(ItemKNN, data, shrinkage=0.0, num_neighbours=1)
    a, b = 2 / 3 + 1, 2 / 3 + 1 + 1 + 2
    answer = model.recommend(histories=[["b"]], k=2)
    # b is nearest to a and to c; a and c have 2/3 in common, which is less than with b.
    assert answer["item"].tolist() == ["a", "c"]
    assert answer["score"].tolist() == pytest.approx([(2 / 3 + 1) / (a * b) ** 0.5] * 2)
    assert model.recommend(histories=[["a"]], k=2)["score"].tolist()[1] == 0


@pytest.mark.parametrize(
    "cls,task", [(ItemKNN, "ranking"), (UserKNN, "ranking"), (ItemKNN, "rating")]
)
def test_reasons_add_up_to_the_score(cls, task, ratings):
    model = adapted(cls, ratings, task=task)
    answer = model.recommend(users=["0", "3", "12"], k=3, explain=20)
    for score, reasons in zip(answer["score"], answer["reasons"], strict=True):
        assert sum(reason["contribution"] for reason in reasons) == pytest.approx(score, abs=1e-5)
        elsewhere = [reason for reason in reasons if reason["item"] is None]
        assert len(elsewhere) == (1 if task == "rating" else 0)


def test_ratings_of_others_are_not_explained_by_items(ratings):
    model = adapted(UserKNN, ratings, task="rating")
    with pytest.raises(InputError, match="leave out explain"):
        model.recommend(users=["0"], k=1, explain=True)


@pytest.mark.export
@BOTH
def test_a_model_of_ratings_is_exported_and_saved(cls, ratings, tmp_path):
    model = adapted(cls, ratings, task="rating", num_neighbours=3, num_ratings=4)
    assert export(model, tmp_path / "1", k=5)["difference"] <= 1e-5


@pytest.mark.skipif("KERASREC_DATA" not in os.environ, reason="needs the MovieLens files")
@pytest.mark.parametrize("baseline,right", [("none", 0.980), ("biases", 0.931)])
def test_movielens_100k_is_as_published(baseline, right):
    # Surprise's table: random folds, user-based MSD, 40 neighbours; here the five given folds.
    data, errors = load("ml-100k", features=False), []
    for fold in range(1, 6):
        split = by_fold(data, fold, validation=0.0)
        options = {"task": "rating", "similarity": "msd", "shrinkage": 0, "num_neighbours": 40}
        model = UserKNN(data.schema(), baseline=baseline, **options)
        model.adapt(split.train)
        found = model.score_pairs(of(split.test.user), split.test.item)
        errors.append(np.sqrt(np.mean((found - split.test.value) ** 2)))
    assert np.mean(errors) == pytest.approx(right, abs=0.005)
