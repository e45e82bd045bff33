"""What is NeuMF's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.losses import BinaryCrossentropy
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo.neumf import NeuMF

pytestmark = pytest.mark.slow

SIDE = [str(n) for n in range(12)]


def made(data, **given):
    keras.utils.set_random_seed(0)
    model = NeuMF(data.schema(), **{"dim": 6, "mlp": (10, 5), **given})
    model.adapt(data)
    return model


def table(model, name):
    """Rows of an id table, of a user's tower or an item's."""
    side = model.query_model if name.startswith("user") else model.item_tower.encoder
    return np.array(side.get_layer(name).table.embeddings)


def plain_mlp(model, users, items):
    """The MLP as the paper writes it, over the two vectors side by side."""
    a = model.query_model.get_layer("user_first")
    b = model.item_tower.encoder.get_layer("item_first")
    x = np.concatenate(
        [table(model, "user_tower")[users], table(model, "item_tower")[items]], axis=-1
    )
    first = keras.layers.Dense(10, "relu")
    first.build(x.shape)
    first.set_weights([np.concatenate([a.kernel, b.kernel]), np.array(b.bias)])
    return np.array(model.scorer.head.get_layer("mlp_2")(first(x)))


def test_the_factored_first_layer_is_the_layer_over_both(checkerboard):
    model = made(checkerboard, parts="mlp")
    model.item_tower.encoder.get_layer("item_first").bias.assign(np.linspace(-0.1, 0.1, 10))
    users, items = np.array([2, 3, 9]), np.array([5, 2, 13])
    expected = plain_mlp(model, users, items) @ np.array(model.scorer.head.get_layer("mix").kernel)
    scores = model.score_pairs({"user": users}, items)
    np.testing.assert_allclose(scores, expected[:, 0], atol=1e-7)
    assert np.abs(scores).min() > 1e-5


def test_gmf_with_unit_weights_is_a_dot_product(checkerboard):
    model = made(checkerboard, parts="gmf")
    model.scorer.head.get_layer("mix").kernel.assign(np.ones((6, 1)))
    p, q = table(model, "user_factors"), table(model, "item_factors")
    rows, scores = model.top_k({"user": np.array([4], "int32")}, 12)
    np.testing.assert_allclose(scores[0], q[rows[0]] @ p[4], atol=1e-7)
    known = (q @ p[4])[2:14]
    assert rows[0].tolist() == [2 + n for n in np.argsort(-known)]


def test_both_parts_are_mixed_by_the_last_layer_by_hand(checkerboard):
    model = made(checkerboard)
    users, items = np.array([2, 3, 9]), np.array([5, 2, 13])
    p, q = table(model, "user_factors")[users], table(model, "item_factors")[items]
    read = np.concatenate([p * q, plain_mlp(model, users, items)], axis=-1)
    expected = read @ np.array(model.scorer.head.get_layer("mix").kernel)
    np.testing.assert_allclose(model.score_pairs({"user": users}, items), expected[:, 0], atol=1e-7)


@pytest.mark.parametrize("f", [np.tanh, lambda x: np.maximum(x, 0)], ids=["tanh", "relu"])
def test_the_network_of_ratings_by_hand(checkerboard, f):
    """z_1 = f(W_1 [u; v] + b_1), z_2 = f(W_2 z_1 + b_2), r = <W_3, z_2> + b_3."""
    activation = "tanh" if f is np.tanh else "relu"
    model = made(checkerboard, parts="mlp", activation=activation, candidates="pair")
    for weight in model.trainable_weights:
        if weight.path.endswith("bias"):
            weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    head, encoder = model.scorer.head, model.item_tower.encoder
    users, items = np.array([2, 3, 9]), np.array([5, 2, 13])
    u, v = table(model, "user_tower")[users], table(model, "item_tower")[items]
    (w_u,), (w_v, b_1) = (
        side.get_layer(name).get_weights()
        for side, name in ((model.query_model, "user_first"), (encoder, "item_first"))
    )
    (w_2, b_2), (w_3, b_3) = (head.get_layer(name).get_weights() for name in ("mlp_2", "mix"))
    z_1 = f(np.concatenate([u, v], axis=-1) @ np.concatenate([w_u, w_v]) + b_1)
    expected = f(z_1 @ w_2 + b_2) @ w_3 + b_3
    assert abs(b_3[0]) > 0.1
    scores = model.score_pairs({"user": users}, items)
    np.testing.assert_allclose(scores, expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("parts", ["gmf", "mlp", "both"])
def test_cross_entropy_learns_the_checkerboard(checkerboard, parts):
    model = made(checkerboard, parts=parts, dim=16, num_negatives=8)
    model.compile(LazyAdam(0.02), BinaryCrossentropy(), steps_per_execution=4)
    data = batches(checkerboard, model.train_inputs, batch_size=16)
    model.fit(data.repeat(60), verbose=0)
    users = list(checkerboard.users.vocabulary.ids)
    assert model.recommend(users=users, k=1, allow=SIDE)["item"].tolist() == users


def test_features_rank_items_that_nobody_has_touched(checkerboard):
    model = made(checkerboard, features=True, id_dropout=0.2, num_negatives=8)
    assert "cold_items" in model.capabilities
    model.compile(LazyAdam(0.02), BinaryCrossentropy(), steps_per_execution=4)
    data = batches(checkerboard, model.train_inputs, batch_size=16)
    model.fit(data.repeat(60), verbose=0)
    answer = model.recommend(users=["4", "7"], k=1, allow=["98", "99"])
    assert answer["item"].tolist() == ["98", "99"]


def test_a_user_is_ranked_by_features(tmp_path):
    """Items 0 to 3 are liked by the old, 4 to 7 by the young; two users did nothing yet."""
    ages = {str(user): "old" if user < 6 else "young" for user in range(12)} | {
        "a": "old",
        "b": "young",
    }
    pairs = [(u, str(i)) for u in SIDE for i in range(8) if (ages[u] == "old") == (i < 4)]
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    data = Interactions.from_frame(
        frame.sample(frac=1.0, random_state=0),
        user_frame=pd.DataFrame(ages.items(), columns=["user", "age"]),
        user_features={"age": {"kind": "category"}},
    )
    model = made(data, parts="mlp", features=True)
    model.compile(LazyAdam(0.02), BinaryCrossentropy(), steps_per_execution=4)
    model.fit(batches(data, model.train_inputs, batch_size=8).repeat(30), verbose=0)
    answer = model.recommend(users=["a", "b"], k=4).groupby("user")["item"].apply(set)
    assert answer["a"] == set("0123") and answer["b"] == set("4567")
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    asked = {"users": ["a", "b"], "items": ["0", "0"]}
    np.testing.assert_array_equal(again.score(**asked), model.score(**asked))


def test_a_batch_runs_the_mlp_for_each_pair_once(checkerboard, monkeypatch):
    model, pairs = made(checkerboard, num_negatives=3), []
    head = model.scorer.head
    run = head.call
    monkeypatch.setattr(
        head, "call", lambda x, *a, **k: pairs.append(len(x["query"])) or run(x, *a, **k)
    )
    logits = model({"user": np.array([2, 3, 4, 5, 6]), "item": np.array([3, 4, 5, 6, 7])})
    assert logits.shape == (5, 4)
    assert sum(pairs) == 5 * (1 + 3)


def test_a_step_touches_the_rows_of_the_batch_alone(checkerboard):
    model = made(checkerboard, num_negatives=1)
    model.compile(LazyAdam(0.1), BinaryCrossentropy())
    names = ["user_factors", "user_tower", "item_factors", "item_tower"]
    before = {name: table(model, name) for name in names}
    model.train_on_batch({"user": np.array([5]), "item": np.array([4])}, np.ones(1))
    for name in names:
        moved = np.flatnonzero((table(model, name) != before[name]).any(axis=1))
        own = 5 if name.startswith("user") else 4
        assert own in moved and len(moved) <= (1 if own == 5 else 2), name


def test_old_users_score_old_items_as_before_when_the_data_grows(checkerboard, tmp_path):
    old = made(checkerboard)
    old.save(tmp_path / "checkpoint")
    base = models.load_catalogs(tmp_path / "checkpoint")
    more = pd.DataFrame({"user": ["new", "1"], "item": ["2", "3"]})
    items = pd.DataFrame({"item": ["2", "3"], "text": ["calm", "wild"], "colour": ["blue", "red"]})
    grown = Interactions.from_frame(
        more,
        item_frame=items,
        item_features={"text": {"kind": "text", "length": 4}, "colour": {"kind": "category"}},
        base=base,
    )
    new = made(grown)
    new.load_rows_from(tmp_path / "checkpoint")
    asked = {"users": ["1", "2", "5"], "items": ["3", "5", "8"]}
    np.testing.assert_allclose(new.score(**asked), old.score(**asked), atol=1e-7)


@pytest.mark.parametrize(
    "given,said",
    [
        ({"parts": "all"}, "parts must be one of gmf, mlp, both: got 'all'"),
        ({"mlp": ()}, r"mlp=\(\) has no layer: give at least one width, or parts='gmf'"),
        ({"features": True, "parts": "gmf"}, "parts='gmf' has none"),
        ({"features": True}, "features=True, and this data has none"),
        ({"candidates": "some"}, "candidates must be one of"),
        ({"activation": "bent"}, "NeuMF: .*bent"),
        ({"dim": 0}, "dim: expected a whole number from 1"),
    ],
)
def test_wrong_arguments_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        NeuMF(Schema(5, 6), **given)
