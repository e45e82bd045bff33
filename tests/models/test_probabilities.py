"""Scores that are logits, as probabilities."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.losses import BinaryCrossentropy, MeanSquaredError, Softmax
from kerasrec.models import Reranked, load
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo import MatrixFactorization, NeuMF


@pytest.fixture(scope="module")
def train():
    rows = [(f"u{u}", f"i{i}", float(i < 3)) for u in range(6) for i in range(4)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))


def fitted(train, loss, cls=MatrixFactorization, candidates="pair", **arguments):
    model = cls(train.schema(), candidates=candidates, **arguments)
    model.adapt(train)
    model.compile(LazyAdam(0.05), loss)
    data = batches(train, model.train_inputs, batch_size=24)
    model.fit(data.repeat(30), verbose=0)
    return model


@pytest.fixture(scope="module")
def model(train):
    return fitted(train, BinaryCrossentropy(), dim=2)


def test_the_sigmoid_of_scores_that_learned_labels(model):
    asked = {"users": ["u0", "u1"], "items": ["i0", "i3"]}
    scores = model.score(**asked).astype("float64")
    found = model.score(**asked, probabilities=True)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-scores)), rtol=1e-6)
    # Everybody's label of i0 is 1, and of i3 it is 0.
    assert found[0] > 0.7 and found[1] < 0.5
    frame = model.recommend(["u0"], k=4, repeats="allow", probabilities=True)
    assert list(frame.columns)[2:5] == ["item", "score", "probability"]
    expected = 1 / (1 + np.exp(-frame["score"].astype("float64")))
    np.testing.assert_allclose(frame["probability"], expected, rtol=1e-6)
    assert "probability" not in model.recommend(["u0"], k=4, repeats="allow")


def test_a_checkpoint_knows_it(model, tmp_path):
    model.save(tmp_path / "m")
    loaded = load(tmp_path / "m")
    asked = {"users": ["u0"], "items": ["i0"], "probabilities": True}
    np.testing.assert_allclose(loaded.score(**asked), model.score(**asked), rtol=1e-6)
    assert loaded.get_config()["scores_are_logits"]


def test_a_checkpoint_of_a_callback_knows_it(train, tmp_path):
    class Saves(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.save(tmp_path / "m")

    model = MatrixFactorization(train.schema(), dim=2, candidates="pair")
    model.adapt(train)
    model.compile(LazyAdam(), keras.losses.BinaryCrossentropy(from_logits=True))
    data = batches(train, model.train_inputs, batch_size=24)
    model.fit(data, callbacks=[Saves()], verbose=0)
    assert load(tmp_path / "m").scores_are_logits


def test_a_network_over_both_sides_has_them_too(train):
    model = fitted(train, BinaryCrossentropy(), NeuMF, dim=2, mlp=[2])
    assert 0 < model.score(["u0"], items=["i0"], probabilities=True)[0] < 1


@pytest.mark.parametrize(
    "loss, candidates", [(MeanSquaredError(), "pair"), (Softmax(), "in_batch")], ids=["mse", "list"]
)
def test_scores_that_are_no_logits_are_refused(train, loss, candidates):
    model = fitted(train, loss, candidates=candidates, dim=2)
    with pytest.raises(InputError, match="scores of this MatrixFactorization only order items"):
        model.score(["u0"], items=["i0"], probabilities=True)
    with pytest.raises(InputError, match="train.loss bce"):
        model.recommend(["u0"], k=1, probabilities=True)


def test_an_untrained_model_has_none(train):
    model = MatrixFactorization(train.schema(), dim=2, candidates="pair")
    model.adapt(train)
    with pytest.raises(InputError, match="only order items"):
        model.score(["u0"], items=["i0"], probabilities=True)


def test_scores_under_rules_are_those_of_the_model(model, tmp_path):
    ruled = Reranked(model, {"max_per": {}, "exclude": ["i0"]})
    asked = {"users": ["u0", "u1"], "items": ["i0", "i3"], "probabilities": True}
    ruled.save(tmp_path / "ruled")
    for one in (ruled, load(tmp_path / "ruled")):
        np.testing.assert_array_equal(one.score(**asked), model.score(**asked))
        assert "probability" in one.recommend(["u0"], k=2, repeats="allow", probabilities=True)
