"""What is SASRec's own."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec_zoo import SASRec

SIDE = 5


def walks(users=64, length=9):
    """Half of the users walk around a ring one way, half the other: one item says nothing."""
    generator, steps = np.random.default_rng(0), np.arange(users * length) % length
    turn = np.repeat(np.where(np.arange(users) % 2, 1, -1), length)
    item = (np.repeat(generator.integers(0, SIDE, users), length) + turn * steps) % SIDE
    user = np.repeat(np.arange(users), length)
    return Interactions.from_frame(pd.DataFrame({"user": user, "item": item, "timestamp": steps}))


def asked(length):
    """Walks from everywhere both ways as strings, and where they go next."""
    turn, start = np.repeat([1, -1], SIDE), np.tile(np.arange(SIDE), 2)
    items = (start[:, None] + turn[:, None] * np.arange(length + 1)) % SIDE
    return items[:, :-1].astype(str).tolist(), items[:, -1].astype(str).tolist()


@pytest.mark.slow
def test_learns_where_a_walk_goes():
    train = walks()
    keras.utils.set_random_seed(0)
    model = SASRec(train.schema(8), dim=16, dropout=0.0)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01), Softmax())
    data = batches(train, model.train_inputs, batch_size=32, history_length=8)
    model.fit(data.repeat(25), verbose=0)
    for length in (2, 8):
        pasts, following = asked(length)
        answer = model.recommend(histories=pasts, k=1, repeats="allow")
        assert answer["item"].tolist() == following


@pytest.fixture
def model():
    train = dataclasses.replace(walks(users=3), timestamp=None)
    model = SASRec(train.schema(6), dim=8, num_heads=2)
    model.adapt(train)
    return model


def test_every_position_is_trained_as_it_is_asked(model):
    history = np.array([[2, 3, 4, 5, 6, 2], [4, 4, 3, 0, 0, 0]], "int32")
    item = np.array([[3, 4, 5, 6, 2, 2], [4, 3, 5, 0, 0, 0]], "int32")
    logits = np.asarray(model({"history": history, "item": item}))
    for row, step in zip(*item.nonzero(), strict=True):
        past = np.where(np.arange(6) <= step, history[row], 0)[None]
        score = model.score_pairs({"history": past}, item[row, step : step + 1])
        np.testing.assert_allclose(logits[row, step, 0], score[0], atol=1e-5)


def test_a_history_of_nothing_has_finite_scores(model):
    rows, scores = model.top_k({"history": np.zeros((1, 6), "int32")}, 3)
    assert np.isfinite(scores).all() and (rows > 1).all()


def test_the_order_matters(model):
    scores = model.score_pairs({"history": np.array([[2, 3, 4], [3, 2, 4]])}, np.array([5, 5]))
    assert abs(scores[0] - scores[1]) > 1e-6


def test_heads_must_divide_dim():
    with pytest.raises(InputError, match="num_heads: expected a divisor of 8"):
        SASRec(Schema(5, 6, 3), dim=8, num_heads=3)


def test_the_score_by_hand(with_item_vectors):
    vectors = {"a": [5.0, 2.0], "b": [3.0, 1.0]}
    model, encoder = with_item_vectors(SASRec, vectors, num_blocks=1)
    ask = {"histories": [["a", "b"]], "items": ["a"]}
    # Nothing is attended to: h = LN(sqrt(2) b) = LN(4.2, 1.4) = (1, -1), and <h, a> = 5 - 2.
    np.testing.assert_allclose(model.score(**ask), [3.0], rtol=1e-4)
    encoder.positions.assign(np.tile([0.0, 10.0], (4, 1)))
    # LN(4.2, 11.4) = (-1, 1).
    np.testing.assert_allclose(model.score(**ask), [-3.0], rtol=1e-4)
