"""What is MultVAE's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.config.train_node import TrainNode
from kerasrec.data import Interactions, Schema, batches, load, splits
from kerasrec.losses import Softmax
from kerasrec.training import RunFolder
from kerasrec.training.fit import fit
from kerasrec_zoo.mult_vae import MultVAE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*no history that the model knows"),
]


def interactions(**users):
    """Items a, b, c, ... are rows 2, 3, 4, ... by first appearance, and "cold" is the last."""
    pairs = [(user, item) for user, items in users.items() for item in items]
    items = list(dict.fromkeys(item for _, item in pairs))
    return Interactions.from_frame(
        pd.DataFrame(pairs, columns=["user", "item"]),
        item_frame=pd.DataFrame({"item": [*items, "cold"]}),
    )


def made(train, history_length=8, **arguments):
    keras.utils.set_random_seed(0)
    model = MultVAE(train.schema(history_length), **{"dim": 3, "hidden_dim": 4, **arguments})
    model.adapt(train)
    for weight in model.trainable_weights:  # a bias of zeros would hide that it is missing
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape) * 0.5)
    return model


def weight(model, name):
    (found,) = (w for w in model.weights if w.path.endswith(name))
    return keras.ops.convert_to_numpy(found)


def by_hand(model, sets):
    """Scores `(n, items)` of sets of rows, in NumPy."""
    one_hot = np.zeros((len(sets), model.schema.num_items))
    for row, items in enumerate(sets):
        one_hot[row, list(items)] = 1 / np.sqrt(len(items)) if items else 0
    hidden = np.tanh(
        one_hot @ weight(model, "encoder/table/embeddings") + weight(model, "encoder/bias")
    )
    z = hidden @ weight(model, "mean/kernel") + weight(model, "mean/bias")
    z = z if model.variational else np.tanh(z)
    query = np.tanh(z @ weight(model, "decoder/kernel") + weight(model, "decoder/bias"))
    return query @ weight(model, "items/embeddings").T + weight(model, "item_bias/embeddings")[:, 0]


DATA = {"u": "abcde", "v": "ca", "w": "b"}


@pytest.mark.parametrize("variational", [True, False])
def test_score_is_the_formula_by_hand(variational):
    model = made(interactions(**DATA), variational=variational)
    expected = by_hand(model, [{2, 3, 4, 5, 6}, {2, 4}, {3}, set()])
    for histories in (["abcde", "ca", "b", ""], ["edcba", "ac", "b", ""]):
        for item, row in (("a", 2), ("d", 5)):
            found = model.score(histories=[list(h) for h in histories], items=[item] * 4)
            np.testing.assert_allclose(found, expected[:, row], atol=1e-5)
    np.testing.assert_allclose(
        model.score(users=["u", "v", "w"], items=["a"] * 3), expected[:3, 2], atol=1e-5
    )


def test_loss_is_the_multinomial_of_all_sets_by_hand():
    train = interactions(**DATA)
    model = made(train, variational=False, dropout=0.0)
    model.compile(keras.optimizers.SGD(0.0), Softmax())
    data = batches(train, model.train_inputs, steps="set", batch_size=4, history_length=8)
    found = model.fit(data, verbose=0).history["loss"][0]
    sets = [[2, 3, 4, 5, 6], [2, 4], [3]]
    scores = by_hand(model, [set(items) for items in sets])[:, 2:7]  # not "cold", row 7
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    total = sum(log_p[row, np.array(items) - 2].sum() for row, items in enumerate(sets))
    np.testing.assert_allclose(found, -total / 8, rtol=1e-5)


def test_loss_of_the_variational_one_has_beta_times_kl():
    train = interactions(**DATA)
    model = made(train, dropout=0.0, beta=0.5, anneal_steps=0)
    for name in ("log_variance/kernel", "log_variance/bias"):
        (found,) = (w for w in model.weights if w.path.endswith(name))
        # So small a variance that z is the mean, to 1e-6.
        found.assign(np.full(found.shape, -28.0 * name.endswith("bias")))
    model.compile(keras.optimizers.SGD(0.0), Softmax())
    data = batches(train, model.train_inputs, steps="set", batch_size=4, history_length=8)
    found = model.fit(data, verbose=0).history["loss"][0]
    sets = [[2, 3, 4, 5, 6], [2, 4], [3]]
    hidden = np.tanh(
        np.stack([
            weight(model, "table/embeddings")[rows].sum(axis=0) / np.sqrt(len(rows))
            for rows in sets
        ])
        + weight(model, "encoder/bias")
    )  # fmt: skip
    mean = hidden @ weight(model, "mean/kernel") + weight(model, "mean/bias")
    divergence = 0.5 * (mean**2 + np.exp(-28.0) - 1 + 28).sum()
    scores = by_hand(model, [set(rows) for rows in sets])[:, 2:7]
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    total = sum(log_p[row, np.array(items) - 2].sum() for row, items in enumerate(sets))
    np.testing.assert_allclose(found, (-total + 0.5 * divergence) / 8, rtol=1e-5)


def test_items_without_interactions_are_no_part_of_a_set():
    model = made(interactions(**DATA))
    with_cold = model.score(histories=[["a", "cold", "b"], ["cold"]], items=["c", "c"])
    without = model.score(histories=[["a", "b"], []], items=["c", "c"])
    np.testing.assert_allclose(with_cold, without, atol=1e-6)


def test_of_a_long_history_the_last_items_are_read():
    model = made(interactions(**DATA), history_length=2)
    with pytest.warns(UserWarning, match="1 history cut to its last 2 items"):
        long = model.recommend(histories=[list("abcde")], k=5, repeats="allow")
    short = model.recommend(histories=[list("de")], k=5, repeats="allow")
    assert long["item"].tolist() == short["item"].tolist()
    np.testing.assert_allclose(long["score"], short["score"], atol=1e-6)


@pytest.mark.parametrize("rows", [[0], [0, 3], [0, 1]])
def test_one_user_or_one_item_is_enough(rows):
    """u with a, u and v with a, u with a and b; the others are there, without interactions."""
    train = interactions(u="ab", v="ba").select(np.array(rows))
    model = made(train)
    model.compile("adam", Softmax())
    data = batches(train, model.train_inputs, steps="set", batch_size=4, history_length=8)
    losses = model.fit(data, epochs=3, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert np.isfinite(model.score(histories=[[], ["a"]], items=["a", "b"])).all()
    assert len(model.recommend(users=["v"], k=1)) == 1
    # What is certain costs nothing: one item has all the probability.
    if len(np.unique(train.item)) == 1:
        still = made(train, variational=False)
        still.compile("adam", Softmax())
        np.testing.assert_allclose(still.fit(data, verbose=0).history["loss"], [0.0], atol=1e-6)


def test_annealing_goes_on_where_a_run_was_stopped(tmp_path):
    # Without a validation part the last epoch is kept.
    split = splits.next_item(load("synthetic", users=60, items=100), validation=False)
    arguments = {"epochs": 3, "batch_size": 16, "optimizer": "adam", "patience": None}

    def run(path, epochs, resume=False):
        keras.utils.set_random_seed(0)
        model = MultVAE(split.train.schema(8), dim=3, hidden_dim=4, anneal_steps=9)
        model.adapt(split.train)
        train = TrainNode(**{**arguments, "epochs": epochs})
        history = fit(model, split, train, RunFolder(path), resume=resume, progress=False)
        return history, model

    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, model = run(tmp_path / "whole", 3)
    run(tmp_path / "parts", 1)
    parts, again = run(tmp_path / "parts", 3, resume=True)
    assert parts == whole
    # 60 users are 4 batches.
    assert float(weight(again, "latent/steps")) == float(weight(model, "latent/steps")) == 12


def test_every_query_has_one_row_of_logits():
    model = MultVAE(Schema(5, 9, 4), dim=2, hidden_dim=3)
    history = np.array([[2, 3, 4, 0, 0], [5, 0, 0, 0, 0]])
    assert model({"history": history, "item": history}).shape == (2, 5, 2)
