"""What is AutoRec's own."""

import inspect

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec import models
from kerasrec.config.train_node import TrainNode
from kerasrec.data import Interactions, batches, splits
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate_ratings
from kerasrec.export import export
from kerasrec.losses import MeanSquaredError
from kerasrec.training import RunFolder
from kerasrec.training.fit import fit
from kerasrec_zoo.autorec import AutoRec

pytestmark = pytest.mark.slow

RATED = [("u", "a", 5), ("v", "a", 1), ("u", "b", 2), ("w", "b", 4), ("v", "c", 3)]
# u, v, w and a, b, c are rows 2, 3, 4; "cold" is item row 5.
USERS, ITEMS, VALUES = np.array([2, 3, 2, 4, 3]), np.array([2, 2, 3, 3, 4]), [5, 1, 2, 4, 3]
SIDES = pytest.mark.parametrize("item_based", [True, False])


def rated(rows=RATED):
    items = list(dict.fromkeys(item for _, item, _ in rows))
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "value"]),
        item_frame=pd.DataFrame({"item": [*items, "cold"]}),
    )


def made(train, history_length=8, **arguments):
    keras.utils.set_random_seed(0)
    model = AutoRec(train.schema(history_length), **{"dim": 3, **arguments})
    model.adapt(train)
    return model


def moved(model):
    """Weights of some size everywhere; row 0 of a table is zero by rule."""
    for n, weight in enumerate(model.trainable_weights):
        weight.assign(np.random.default_rng(n).normal(size=weight.shape))
    return model


def weight(model, name):
    (found,) = (w for w in model.weights if w.path.endswith(name))
    return keras.ops.convert_to_numpy(found).astype("float64")


class ByHand:
    """I-AutoRec (for U-AutoRec with users and items exchanged), written out densely."""

    def __init__(self, model):
        self.rows = (ITEMS, USERS) if model.item_based else (USERS, ITEMS)
        read, told = self.rows
        self.ratings = np.zeros((6 if model.item_based else 5, 5 if model.item_based else 6))
        self.observed = np.zeros(self.ratings.shape)
        self.observed[read, told] = 1
        # The mean of all is 3; five such ratings stand beside an item's own.
        total = np.bincount(read, VALUES, minlength=len(self.ratings)) + 5 * 3
        self.means = total / (self.observed.sum(axis=1) + 5)
        self.ratings[read, told] = VALUES
        self.weights = [
            tf.Variable(weight(model, name))
            for name in (
                "encoder/table/embeddings",
                "encoder/bias",
                "decoder/embeddings",
                "bias/embeddings",
            )
        ]

    def scores(self):
        v, c, w, b = self.weights
        centred = (self.ratings - self.means[:, None]) * self.observed
        hidden = tf.sigmoid(centred @ v + c)
        return hidden @ tf.transpose(w) + b[:, 0] + self.means[:, None]

    def loss(self, l2):
        v, _, w, _ = self.weights
        error = (self.ratings - self.scores()) * self.observed
        squares = tf.reduce_sum(v * v) + tf.reduce_sum(w * w)
        return tf.reduce_sum(error * error) / len(VALUES) + l2 * squares


@SIDES
def test_score_is_the_formula_by_hand(item_based):
    model = moved(made(rated(), item_based=item_based))
    expected = ByHand(model).scores().numpy()
    expected = expected.T if item_based else expected
    for row, user in enumerate("uvw", 2):
        found = model.score(users=[user] * 4, items=["a", "b", "c", "cold"])
        np.testing.assert_allclose(found, expected[row, 2:], rtol=1e-5, atol=1e-5)
        ranked = model.recommend(users=[user], k=4, repeats="allow")
        assert ranked["score"].tolist() == sorted(ranked["score"], reverse=True)
        np.testing.assert_allclose(sorted(ranked["score"]), sorted(found), rtol=1e-5, atol=1e-5)


@SIDES
def test_loss_and_gradient_are_those_of_the_observed_ratings(item_based):
    train = rated()
    model = moved(made(train, item_based=item_based, l2=0.25))
    hand = ByHand(model)
    with tf.GradientTape() as tape:
        loss = hand.loss(0.25)
    model.compile(keras.optimizers.SGD(0.1), MeanSquaredError())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=4, history_length=8)
    assert int(data.cardinality()) == 1
    found = model.fit(data, verbose=0).history["loss"]
    np.testing.assert_allclose(found, [float(loss)], rtol=1e-5)
    for before, gradient, now in zip(
        hand.weights, tape.gradient(loss, hand.weights), ByHand(model).weights, strict=True
    ):
        np.testing.assert_allclose(now, before - 0.1 * gradient, rtol=1e-4, atol=1e-5)


@SIDES
def test_who_has_no_ratings_is_given_what_is_known(item_based):
    # w keeps no rating; "cold" never had one.
    train = rated().select(np.array([True, True, True, False, True]))
    model = made(train, item_based=item_based)
    model.compile(keras.optimizers.Adam(0.05), MeanSquaredError())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=4, history_length=8)
    model.fit(data.repeat(20), verbose=0)
    mean = (5 + 1 + 2 + 3) / 4
    both = model.score(users=["w"], items=["cold"])
    if item_based:
        # Item means drawn to the mean of all by five ratings.
        expected = [(5 + 1 + 5 * mean) / 7, (2 + 5 * mean) / 6, mean]
        found = model.score(users=["w"] * 3, items=["a", "b", "cold"])
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    else:
        expected = [(5 + 2 + 5 * mean) / 7, (1 + 3 + 5 * mean) / 7, mean]
        found = model.score(users=["u", "v", "w"], items=["cold"] * 3)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(both, [mean], rtol=1e-6)
    with pytest.warns(UserWarning, match="1 unknown user"):
        assert len(model.recommend(users=["nobody"], k=2)) == 2


@SIDES
def test_the_last_ratings_are_read(item_based):
    rows = [("u", "a", 5), ("v", "a", 1), ("w", "a", 4), ("u", "b", 2), ("u", "c", 3)]
    model = made(rated(rows), history_length=2, item_based=item_based)
    read, _ = model.ratings(np.array([2]))
    # Of a's raters u, v, w the last two, rows 3 and 4; of u's items a, b, c as well.
    assert read.numpy().tolist() == [[3, 4]]


@SIDES
@pytest.mark.parametrize("rows", [[0], [0, 1], [0, 2]])
def test_one_user_or_one_item_is_enough(item_based, rows):
    train = rated().select(np.array(rows))
    model = made(train, item_based=item_based)
    model.compile(keras.optimizers.Adam(0.05), MeanSquaredError())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=2, history_length=8)
    model.fit(data.repeat(60), verbose=0)
    assert model.fit(data, verbose=0).history["loss"][0] < 0.1
    known = [train.users.vocabulary.lookup(train.user), train.items.vocabulary.lookup(train.item)]
    found = model.score(users=list(known[0]), items=list(known[1]))
    np.testing.assert_allclose(found, train.value, atol=0.7)


SIDE = 12


@pytest.fixture(scope="module")
def checkerboard():
    """Users rate items of their own parity 5, others 1; (u, u) and (u, u + 1) are withheld."""
    users, items = np.divmod(np.arange(SIDE * SIDE), SIDE)
    kept = ((items - users) % SIDE) > 1
    frame = pd.DataFrame({"user": users, "item": items})
    frame["value"] = np.where(users % 2 == items % 2, 5.0, 1.0)
    return Interactions.from_frame(
        frame[kept].sample(frac=1.0, random_state=0),
        item_frame=pd.DataFrame({"item": [*range(SIDE), 98]}),
        name="checkerboard",
    )


def fitted(train, **arguments):
    model = made(train, history_length=12, dim=16, **arguments)
    model.compile(keras.optimizers.Adam(0.02), MeanSquaredError())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=16, history_length=12)
    model.fit(data.repeat(60), verbose=0)
    return model


@pytest.mark.export
@SIDES
def test_withheld_ratings_are_found(checkerboard, item_based, tmp_path):
    model = fitted(checkerboard, item_based=item_based)
    users = [str(n) for n in range(SIDE)]
    others = [str((n + 1) % SIDE) for n in range(SIDE)]
    assert np.abs(model.score(users=users, items=users) - 5).max() < 0.75
    assert np.abs(model.score(users=users, items=others) - 1).max() < 0.75
    answer = model.recommend(users=users, k=1, allow=users)
    assert answer["item"].tolist() == users
    report = export(model, tmp_path / "model" / "1", k=6)
    assert report["difference"] <= 1e-5
    model.save(tmp_path / "checkpoint")
    weights = AutoRec.from_config(model.get_config())
    weights.load_weights(tmp_path / "checkpoint" / "model.weights.h5")
    for one, other in zip(weights.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@SIDES
def test_every_argument_is_in_the_config(checkerboard, item_based):
    asked = {"dim": 7, "item_based": item_based, "dropout": 0.25, "l2": 0.5, "name": "other"}
    assert set(asked) == set(list(inspect.signature(AutoRec).parameters)[1:])
    model = AutoRec(checkerboard.schema(5), **asked)
    assert {name: model.get_config()[name] for name in asked} == asked
    again = AutoRec.from_config(model.get_config())
    assert again.get_config() == model.get_config() and again.steps == model.steps


@SIDES
def test_a_run_validates_by_rmse(checkerboard, item_based, tmp_path):
    split = splits.random_ratio(checkerboard)
    train = TrainNode(
        epochs=12,
        batch_size=16,
        optimizer={"class": "auto", "learning_rate": 0.05},
        loss="mse",
        monitor="rmse",
        patience=None,
    )
    model = made(split.train, dim=16, history_length=12, item_based=item_based)
    assert model.predicts_values
    history = fit(model, split, train, RunFolder(tmp_path), ks=(5, 10), progress=False)
    assert history[-1]["val_rmse"] < 0.6 * history[0]["val_rmse"]
    found = evaluate_ratings(model, split, part="test", bootstrap=0)
    # Half of the ratings are 5, half 1: knowing nothing is 2.
    assert found.rows[0]["metrics"]["rmse"]["mean"] < 1


def test_clicks_are_refused(tmp_path):
    train = rated([("u", "a", 1), ("v", "a", 1), ("u", "b", 1), ("v", "c", 1)])
    split = splits.random_ratio(train, validation=0.25, test=0.25)
    node = TrainNode(loss="mse", monitor="rmse")
    with pytest.raises(InputError, match="every value is 1"):
        fit(made(split.train), split, node, RunFolder(tmp_path), progress=False)


def test_a_grown_model_reads_the_new_ratings(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec_zoo.AutoRec", AutoRec, raising=False)
    old = moved(made(rated()))
    old.save(tmp_path / "checkpoint")
    rows = [("x", "a", 2), ("u", "new", 5), ("x", "new", 3)]
    frame = pd.DataFrame(rows, columns=["user", "item", "value"])
    base = models.load_catalogs(tmp_path / "checkpoint")
    grown = Interactions.from_frame(frame, base=base, item_frame=pd.DataFrame({"item": ["new"]}))
    new = made(grown)
    new.load_rows_from(tmp_path / "checkpoint")
    read, _ = new.ratings(np.array([2, 3, 6]))
    # a has the rating of x (row 5) alone, b none, "new" those of u and x.
    assert read.numpy()[:, :2].tolist() == [[5, 0], [0, 0], [2, 5]]
    for name in ("encoder/table/embeddings", "decoder/embeddings"):
        np.testing.assert_array_equal(weight(new, name)[:5], weight(old, name))
