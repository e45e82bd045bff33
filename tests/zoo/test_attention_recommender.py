"""What is AttentionRecommender's own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec_zoo.attention_recommender import AttentionRecommender

pytestmark = pytest.mark.slow

CYCLE, LENGTH = 6, 10


@pytest.fixture(scope="module")
def circle():
    """Everybody walks along one circle of items, each from an own start."""
    starts = np.arange(48) % CYCLE
    items = (starts[:, None] + np.arange(LENGTH)) % CYCLE
    frame = pd.DataFrame({"user": np.repeat(np.arange(48), LENGTH), "item": items.ravel()})
    return Interactions.from_frame(frame)


def make(circle, **given):
    keras.utils.set_random_seed(0)
    model = AttentionRecommender(
        circle.schema(history_length=LENGTH), dim=8, **{"dropout": 0.0, **given}
    )
    model.adapt(circle)
    return model


def train(model, circle):
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(circle, model.train_inputs, batch_size=16, history_length=LENGTH)
    model.fit(data.repeat(15), verbose=0)


@pytest.mark.parametrize("attention", ["general", "dot", "additive"])
def test_learns_the_circle(circle, attention):
    model = make(circle, attention=attention)
    train(model, circle)
    answer = model.recommend(histories=[["1", "2"], ["3", "4", "5"]], k=1, repeats="allow")
    assert answer["item"].tolist() == ["3", "0"]


def test_begins_as_its_lstm(circle):
    model = make(circle)
    rows = np.array([[2, 5, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]], "int32")
    vectors = model.get_layer("item_ids")(rows)
    state = model.query_model.get_layer("user_encoder")(vectors, rows > 0)
    query = model.encode_queries({"history": rows})
    np.testing.assert_allclose(query[:, :-1], state, atol=1e-6)
    # Only the empty one asks for what is popular.
    assert query[:, -1].tolist() == [0, 0, 1]


def test_the_score_by_hand(circle):
    model = make(circle)
    train(model, circle)
    rows = np.array([[2, 5, 3, 6]], "int32")
    encoder = model.query_model.get_layer("user_encoder")
    vectors = model.get_layer("item_ids")(rows)
    h = np.asarray(encoder(vectors, rows > 0, all_steps=True))[0]
    (m,) = model.get_layer("attention").get_weights()
    (w,) = model.get_layer("mix").get_weights()
    e = np.exp(h @ (h[-1] @ m))
    a = e / e.sum()
    items = np.array([2, 7], "int32")
    v = np.asarray(model.get_layer("item_ids")(items))
    expected = v @ (h[-1] + a @ h @ w)
    inputs = {"history": np.repeat(rows, 2, axis=0)}
    np.testing.assert_allclose(model.score_pairs(inputs, items), expected, atol=1e-5)
    # And these are the weights that are shown.
    past = list(model.items.vocabulary.lookup(rows[0]))
    shown = model.attention_weights([past])
    assert shown["item"].tolist() == past
    np.testing.assert_allclose(shown["weight"], a, atol=1e-5)


@pytest.mark.parametrize("attention", ["general", "dot", "additive"])
def test_an_explained_recommendation_says_where_it_looks(circle, attention):
    model = make(circle, attention=attention)
    past = ["1", "2", "1", "4"]
    answer = model.recommend(histories=[past, ["5"]], k=2, explain=3)
    weights = model.attention_weights([past])["weight"].to_numpy()
    best = np.argsort(-weights)[:3]
    for said in answer.loc[answer["user"] == 0, "attention"]:
        assert [one["item"] for one in said] == [past[step] for step in best]
        np.testing.assert_allclose([one["weight"] for one in said], weights[best], atol=1e-6)
    one = {"item": "5", "title": "5", "weight": 1.0}
    assert answer.loc[answer["user"] == 1, "attention"].tolist() == [[one]] * 2
    with pytest.warns(UserWarning, match="what is popular"):
        empty = model.recommend(histories=[[]], k=1, explain=True)
    assert empty["attention"].tolist() == [[]]


def test_every_step_is_trained_as_it_is_served(circle):
    """The training graph at step t is the query of the history up to t."""
    model = make(circle, attention="additive")
    train(model, circle)
    rows = np.array([[2, 5, 3, 6]], "int32")
    target = np.array([[3, 3, 7, 4]], "int32")
    logits = np.asarray(model({"history": rows, "item": target}))[0, :, 0]
    for t in range(4):
        score = model.score_pairs({"history": rows[:, : t + 1]}, target[0, t : t + 1])
        np.testing.assert_allclose(logits[t], score[0], atol=1e-5)


def test_weights_of_odd_histories(circle):
    model = make(circle)
    frame = model.attention_weights([["1"], ["3", "nothing", "3"], []])
    assert frame["history"].tolist() == [0, 1, 1]
    assert frame["item"].tolist() == ["1", "3", "3"]
    np.testing.assert_allclose(frame.groupby("history")["weight"].sum(), 1.0, atol=1e-6)


def test_weights_need_the_data_and_a_known_kind(circle):
    with pytest.raises(InputError, match="attention_weights needs the data first"):
        AttentionRecommender(circle.schema()).attention_weights([["1"]])
    with pytest.raises(InputError, match="kind: expected one of dot, general, additive"):
        AttentionRecommender(circle.schema(), attention="cosine")
