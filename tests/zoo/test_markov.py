import os
import time

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, Schema, load
from kerasrec.data.splits import next_item
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.models.neighbours.similarity import largest_entries
from kerasrec_zoo.markov import POPULARITY_WEIGHT, Markov
from kerasrec_zoo.popularity import Popularity

pytestmark = pytest.mark.slow

# Transition probabilities of the last item alone.
CHAIN = {"window": 1, "last": 1, "shrinkage": 0.0, "popularity_power": 0.0}


def sequences(*given):
    """Each user's items are the letters of a word, one each second."""
    rows = [(f"u{n}", item, t) for n, word in enumerate(given) for t, item in enumerate(word)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))


def adapted(data, history_length=50, **options):
    model = Markov(data.schema(history_length), **options)
    model.adapt(data)
    return model


def prior(data, item):
    return POPULARITY_WEIGHT * (data.items.vocabulary.lookup(data.item) == item).mean()


@pytest.fixture(scope="module")
def cycle():
    """Everybody goes around a, b, c, d, e, from anywhere, but for one who goes backwards."""
    around = "abcde" * 3
    return sequences(*(around[start : start + 6] for start in range(5)), "edcba")


def defined(data, histories, **options):
    """Scores by the formula, one pair after the other."""
    given = {"window": 10, "distance_decay": 0.8, "last": 10, "position_decay": 0.7}
    given |= {"shrinkage": 100.0, "popularity_power": 0.1, **options}
    size, taken = len(data.items), data.item_counts()
    counts = np.zeros((size, size))
    for sequence in data.histories():
        for t, i in enumerate(sequence):
            for d, j in enumerate(sequence[t + 1 : t + 1 + given["window"]]):
                counts[i, j] += given["distance_decay"] ** d * (i != j)
    weight = counts / np.maximum(counts.sum(axis=1, keepdims=True) + given["shrinkage"], 1e-9)
    weight /= np.maximum(taken, 1) ** given["popularity_power"]
    found = np.tile(POPULARITY_WEIGHT * taken / taken.sum(), (len(histories), 1))
    for row, history in zip(found, histories, strict=True):
        for p, item in enumerate(history[::-1][: given["last"]]):
            row += given["position_decay"] ** p * weight[item]
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        CHAIN,
        {"window": 3, "distance_decay": 1.0, "popularity_power": 0.5, "shrinkage": 2.0},
        {"last": 2, "position_decay": 0.3, "window": 100},
    ],
)
def test_scores_are_those_of_the_definition(options):
    rng = np.random.default_rng(0)
    data = load("synthetic", users=40, items=100).select(slice(0, 600))
    model = adapted(data, num_neighbours=1000, **options)
    histories = rng.integers(2, 102, (5, 14)).astype("int32")
    found = model.encode_queries({"history": histories})
    np.testing.assert_allclose(found, defined(data, histories, **options), atol=1e-6)


def test_by_hand():
    # After a: b twice at distance 1, c twice at distance 2 and once at 1.
    data = sequences("abc", "abc", "ac")
    model = adapted(data, distance_decay=0.5, position_decay=0.25, shrinkage=1.0, window=2)
    n_c = 3**0.1
    after_a = (2 * 0.5 + 1) / (2 + 2 * 0.5 + 1 + 1) / n_c
    after_b = 2 / (2 + 1) / n_c
    found = model.score(histories=[["a"], ["b"], ["a", "b"], ["b", "a"]], items=["c"] * 4)
    right = [after_a, after_b, after_b + after_a / 4, after_a + after_b / 4]
    np.testing.assert_allclose(found, np.array(right) + prior(data, "c"), atol=1e-6)


def test_the_order_of_a_history_matters_and_the_last_item_most(cycle):
    model = adapted(cycle, shrinkage=0.0)
    for history, next_one in (("ab", "c"), ("ae", "b"), ("ea", "b"), ("ca", "b"), ("ac", "d")):
        assert model.recommend(histories=[list(history)], k=1)["item"].tolist() == [next_one]
    one, other = model.score(histories=[["a", "c"], ["c", "a"]], items=["d", "d"])
    assert one > other


def test_reasons_add_up_and_name_the_items_that_were_read(cycle):
    model = adapted(cycle, last=2, position_decay=0.5)
    answer = model.recommend(
        histories=[["e", "a", "b"]], k=1, allow=["c"], repeats="allow", explain=9
    )
    (said,), (score,) = answer["reasons"], answer["score"]
    assert {one["item"] for one in said} == {"a", "b", None}
    assert sum(one["contribution"] for one in said) == pytest.approx(score, abs=1e-7)
    (rest,) = [one["contribution"] for one in said if one["item"] is None]
    assert rest == pytest.approx(prior(cycle, "c"), abs=1e-7)


def test_only_the_likeliest_transitions_are_kept():
    data = sequences("ab", "ab", "ac", "da")
    model = adapted(data, num_neighbours=1, **CHAIN)
    found = model.score(histories=[["a"]] * 2, items=["b", "c"])
    np.testing.assert_allclose(found, [2 / 3 + prior(data, "b"), prior(data, "c")], atol=1e-6)


def test_largest_entries_is_what_sorting_each_row_gives():
    table = np.random.default_rng(0).integers(0, 4, (7, 9))
    rows, columns = np.nonzero(table)
    mixed = np.random.default_rng(1).permutation(len(rows))
    rows, columns = rows[mixed], columns[mixed]
    found = largest_entries(rows, columns, table[rows, columns], 7, 4)
    best = np.argsort(-table, axis=1, kind="stable")[:, :4]
    values = np.take_along_axis(table, best, axis=1)
    np.testing.assert_array_equal(found[1], values)
    np.testing.assert_array_equal(found[0], np.where(values > 0, best, 0))


@pytest.mark.filterwarnings("ignore:.*unknown history item")
@pytest.mark.filterwarnings("ignore:.*no history that the model knows")
def test_what_is_known_of_nothing_is_answered_by_popularity():
    data = sequences("abc", "bc", "c", "cd")
    model, popular = adapted(data), Popularity(data.schema())
    popular.adapt(data)
    right = popular.recommend(users=["u0"], k=3, repeats="allow")["item"].tolist()
    assert right == ["c", "b", "a"]
    # d leads nowhere, x is nobody, and the last has no history.
    for history in ([], ["x", "y"], ["d"]):
        answer = model.recommend(histories=[history], k=3, repeats="allow")
        assert answer["item"].tolist() == right
        assert np.isfinite(answer["score"]).all()


@pytest.mark.filterwarnings("ignore:.*unknown history item")
def test_unknown_items_take_no_place(cycle):
    model = adapted(cycle, last=2)
    given = [["a", "b"], ["a", "x", "b", "y"], ["c", "a", "b"]]
    found = [model.score(histories=[history], items=["c"]) for history in given]
    assert found[0] == found[1] == found[2]


def test_a_history_longer_than_the_limit_is_read_from_its_end(cycle):
    model = adapted(cycle, history_length=4)
    with pytest.warns(UserWarning, match="1 history cut to its last 4 items"):
        found = model.score(histories=[list("eeeeedcab")], items=["c"])
    np.testing.assert_array_equal(found, model.score(histories=[list("dcab")], items=["c"]))


def test_sessions_need_no_user_ids_of_their_own():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        [
            (f"session {s}", f"page {(start + step) % 9}")
            for s, start in enumerate(rng.integers(0, 9, 40))
            for step in range(4)
        ],
        columns=["session", "page"],
    )
    data = Interactions.from_frame(frame, columns={"user": "session", "item": "page"})
    model = adapted(data)
    answer = model.recommend(histories=[["page 3", "page 4"], ["page 8"]], k=1)
    assert answer["item"].tolist() == ["page 5", "page 0"]
    assert evaluate(model, next_item(data), ks=(1,), bootstrap=0, baselines=()).n_queries == 40


def test_an_item_repeated_a_thousand_times():
    data = sequences("a" * 100_000 + "b", "ab" * 1000, "ca", "c")
    assert len(data) == 102_004
    started = time.perf_counter()
    model = adapted(data, history_length=1000, window=20)
    assert time.perf_counter() - started < 10
    answer = model.recommend(histories=[["a"] * 1000], k=3, repeats="allow")
    assert answer["item"].tolist() == ["b", "a", "c"]
    assert np.isfinite(answer["score"]).all()
    # An item never follows itself.
    data = sequences("a" * 1000, "b")
    found = adapted(data).score(histories=[["a"]], items=["a"])
    np.testing.assert_allclose(found, [prior(data, "a")], atol=1e-7)


def test_time_orders_the_items_and_equal_times_keep_the_order_of_the_rows():
    frame = pd.DataFrame({"user": list("uuuuvvv"), "item": list("dabcabc")})
    frame["timestamp"] = [9, 5, 5, 5, 7, 7, 7]
    data = Interactions.from_frame(frame)
    model = adapted(data, **CHAIN)
    found = model.score(histories=[["a"], ["b"], ["c"]], items=["b", "c", "d"])
    right = [1 + prior(data, "b"), 1 + prior(data, "c"), 1 + prior(data, "d")]
    np.testing.assert_allclose(found, right, atol=1e-6)


@pytest.mark.parametrize(
    "options,message",
    [
        ({"num_neighbours": 0}, "num_neighbours: expected at least 1, got 0"),
        ({"window": 0}, "window: expected at least 1, got 0"),
        ({"last": 0}, "last: expected at least 1, got 0"),
        ({"distance_decay": 0.0}, "distance_decay: .*above 0 and at most 1, got 0.0"),
        ({"position_decay": 1.5}, "position_decay: .*above 0 and at most 1, got 1.5"),
        ({"shrinkage": -1.0}, "shrinkage: expected at least 0, got -1.0"),
        (
            {"popularity_power": float("nan")},
            "popularity_power: expected a number, such as 0.1, got nan",
        ),
    ],
)
def test_what_means_nothing_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Markov(Schema(num_users=5, num_items=6), **options)


@pytest.mark.skipif("KERASREC_DATA" not in os.environ, reason="needs the data files")
@pytest.mark.parametrize(
    "name,hits,ndcg,options",
    [
        ("ml-1m", 0.2606, 0.1531, {"num_neighbours": 500, "last": 20, "shrinkage": 200.0}),
        ("beauty", 0.0752, 0.0466, {}),
    ],
)
def test_is_above_what_simple_counting_reaches(name, hits, ndcg, options):
    split = next_item(load(name, features=False))
    model = adapted(split.train, history_length=50, **options)
    (row,) = evaluate(model, split, ks=(10,), baselines=(), bootstrap=0).rows
    assert row["metrics"]["recall@10"]["mean"] >= hits
    assert row["metrics"]["ndcg@10"]["mean"] >= ndcg
