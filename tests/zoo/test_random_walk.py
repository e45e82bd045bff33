import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, Schema
from kerasrec.errors import InputError
from kerasrec.models.neighbours import similarity
from kerasrec_zoo import random_walk
from kerasrec_zoo.random_walk import RandomWalk


def interactions(pairs):
    frame = pd.DataFrame([tuple(pair) for pair in pairs], columns=["user", "item"]).astype(str)
    return Interactions.from_frame(frame)


def adapted(data, **options):
    model = RandomWalk(data.schema(), **options)
    model.adapt(data)
    return model


@pytest.fixture(scope="module")
def data():
    """Random, with an item taken twice by the same user, and one user who took nearly all."""
    rng = np.random.default_rng(0)
    pairs = [(u, i) for u in range(20) for i in range(12) if rng.random() < 0.2 or u == 0]
    return interactions([*pairs, pairs[3], pairs[-1]])


def edges_of(data):
    """Who took what, `(users, items)` of 0 and 1, and the degrees of both sides."""
    edges = np.zeros((len(data.users), len(data.items)))
    edges[data.user, data.item] = 1
    return edges, np.maximum(edges.sum(axis=1), 1), np.maximum(edges.sum(axis=0), 1)


def table_of(model):
    """The item-item table from the neighbour lists of the model."""
    layer = model.neighbour_scores
    table = np.zeros((layer.num_items, layer.num_items))
    rows = np.arange(layer.num_items)[:, None]
    np.add.at(table, (rows, np.array(layer.neighbours)), np.array(layer.weight))
    return table


def test_one_step_by_hand():
    # a: u v; b: u v; c: v w. Users have 2, 3 and 1 items; a, b and c have 2 users each.
    data = interactions(["ua", "ub", "va", "vb", "vc", "wc"])
    found = adapted(data, beta=0.0).score(histories=[["a"], ["a"], ["a", "b"]], items=list("bcc"))
    a_b, a_c = (1 / 2 + 1 / 3) / 2, (1 / 3) / 2
    assert found == pytest.approx([a_b, a_c, 2 * a_c])
    powers = adapted(data, alpha=0.5, beta=0.25)
    a_b = (2**-0.5 + 3**-0.5) * 2**-0.5 * 2**-0.25
    assert powers.score(histories=[["a"]], items=["b"]) == pytest.approx([a_b])


def test_an_item_of_many_users_weighs_less_with_beta():
    # From a the walk reaches b and c with the same probability; c has one more user.
    data = interactions(["ua", "ub", "uc", "vc"])
    equal = adapted(data, beta=0.0).score(histories=[["a"]] * 2, items=["b", "c"])
    assert equal[0] == equal[1]
    one, two = adapted(data, beta=1.0).score(histories=[["a"]] * 2, items=["b", "c"])
    assert one == pytest.approx(2 * two)


@pytest.mark.parametrize("block_size", [similarity.BLOCK_SIZE, 40])
@pytest.mark.parametrize(
    "given",
    [
        {"alpha": 0.0, "beta": 0.0},
        {"alpha": 1.7, "beta": 0.4},
        {"steps": 4, "restart": 0.3, "beta": 0.0},
        {"steps": 3, "restart": 0.9, "alpha": 0.6, "beta": 1.0},
    ],
)
def test_weights_are_those_of_matrix_products(data, given, block_size, monkeypatch):
    monkeypatch.setattr(similarity, "BLOCK_SIZE", block_size)
    monkeypatch.setattr(random_walk, "BLOCK_SIZE", block_size)
    monkeypatch.setattr(similarity, "FULL", 10)
    full = {"alpha": 1.0, "steps": 1, "restart": 0.2, **given}
    edges, of_user, of_item = edges_of(data)
    step = edges.T / of_item[:, None] ** full["alpha"] @ (edges / of_user[:, None] ** full["alpha"])
    right = sum(
        (1 - full["restart"]) ** (t - 1) * np.linalg.matrix_power(step, t)
        for t in range(1, full["steps"] + 1)
    )
    right = right / of_item ** full["beta"]
    np.fill_diagonal(right, 0)
    np.testing.assert_allclose(table_of(adapted(data, **given)), right, rtol=1e-5, atol=1e-8)


def test_many_steps_are_personalised_pagerank(data):
    """The power iteration of the graph of both kinds of nodes, each query's own restart."""
    edges, of_user, of_item = edges_of(data)
    to_items, to_users = edges / of_user[:, None], (edges / of_item).T
    history = [5, 8, 9]
    start = np.isin(np.arange(len(of_item)), history) / len(history)
    here = start
    for _ in range(500):
        here = 0.2 * start + 0.8 * here @ to_users @ to_items
    model = adapted(data, beta=0.0, steps=100, restart=0.2)
    found = model.encode_queries({"history": np.array([history], "int32")})[0]
    # An item of the history gets nothing from itself; the factors are left out of the score.
    others = np.setdiff1d(np.arange(2, len(of_item)), history)
    np.testing.assert_allclose(found[others] * 0.2 * 0.8 / 3, here[others], rtol=1e-4)


def test_only_the_largest_weights_of_each_item_are_kept(data):
    whole, cut = table_of(adapted(data)), table_of(adapted(data, num_neighbours=3))
    for row, kept in zip(whole, cut, strict=True):
        best = np.sort(row)[::-1][:3]
        np.testing.assert_allclose(np.sort(kept)[::-1][:3], best, rtol=1e-6)
        assert (kept > 0).sum() == (best > 0).sum()


def test_reasons_add_up_to_the_score(data):
    answer = adapted(data).recommend(histories=[["1", "2", "3"]], k=1, explain=9)
    (said,), (score,) = answer["reasons"], answer["score"]
    assert sum(one["contribution"] for one in said) == pytest.approx(score)
    assert {one["item"] for one in said} <= {"1", "2", "3"}


@pytest.mark.parametrize(
    "options,message",
    [
        ({"num_neighbours": 0}, "num_neighbours: expected at least 1, got 0"),
        ({"steps": 0}, "steps: expected at least 1, got 0"),
        ({"alpha": -0.5}, "alpha: expected from 0 to 2, got -0.5"),
        ({"beta": 3.0}, "beta: expected from 0 to 2, got 3.0"),
        ({"restart": 0.0}, "restart: expected above 0 and below 1, got 0.0"),
    ],
)
def test_what_means_nothing_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        RandomWalk(Schema(num_users=5, num_items=6), **options)
