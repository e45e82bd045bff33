"""What is YouTubeCandidates' own."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.losses import Softmax
from kerasrec.models.precision import policy_scope
from kerasrec_zoo import YouTubeCandidates

HISTORY = np.array([[2, 4, 3, 0], [3, 0, 0, 0]], "int32")
INPUTS = {
    "history": HISTORY,
    "behavior": np.array([[2, 3, 2, 0], [0, 0, 0, 0]], "int32"),
    # Buckets 0, 1 and 3, in rows 1, 2 and 4 of the table; what is missing adds nothing.
    "time_gap": np.array([[0.0, 1.0, 7.0, 0.0], [-1.0, 0.0, 0.0, 0.0]], "float32"),
    "user": np.array([2, 3], "int32"),
}


def visits():
    rows = [("u", "a", 1, "view"), ("u", "b", 2, "buy"), ("u", "c", 4, "view")]
    rows += [("v", "b", 3, "view"), ("v", "a", 5, "buy")]
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "timestamp", "behavior"]),
        user_frame=pd.DataFrame({"user": ["u", "v"], "land": ["no", "fi"]}),
        user_features={"land": {"kind": "category"}},
    )


def made(train, **arguments):
    keras.utils.set_random_seed(0)
    model = YouTubeCandidates(train.schema(4), **{"dim": 3, "mlp": (5,), **arguments})
    model.adapt(train)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    return model


def layer(model, name):
    return model.query_model.get_layer(name)


def states_in_numpy(model, train):
    """For each history and step: W ReLU(A [mean of the steps so far; z] + a) + c."""
    items = np.array(layer(model, "item_ids").table.embeddings)
    context, tower = layer(model, "step_context"), layer(model, "user_profile")
    behaviors = np.array(context.behavior_table.embeddings)
    gaps = np.array(context.time_gap_table.embeddings)
    lands = np.array(tower.feature_tables["land"].embeddings)
    (last,) = tower.stack
    weight, bias = (np.array(one) for one in last.get_weights())
    hidden, hidden_bias = layer(model, "mlp").get_weights()
    out, out_bias = layer(model, "query").get_weights()
    gap_rows = [[1, 2, 4], [0]]
    states = []
    for n, length in enumerate((3, 1)):
        z = lands[train.users.columns["land"][INPUTS["user"][n]]] @ weight + bias
        steps = [
            items[HISTORY[n, t]]
            + (behaviors[INPUTS["behavior"][n, t]] if INPUTS["behavior"][n, t] else 0.0)
            + (gaps[gap_rows[n][t]] if gap_rows[n][t] else 0.0)
            for t in range(length)
        ]
        for t in range(length):
            x = np.concatenate([np.mean(steps[: t + 1], axis=0), z])
            states.append(np.maximum(x @ hidden + hidden_bias, 0.0) @ out + out_bias)
    return np.array(states), items


def test_the_score_by_hand():
    train = visits()
    model = made(train)
    states, items = states_in_numpy(model, train)
    for item in (2, 3, 4):
        scores = model.score_pairs(INPUTS, np.array([item, item]))
        np.testing.assert_allclose(scores, states[[2, 3]] @ items[item], rtol=1e-4, atol=1e-5)


def test_every_step_is_trained_by_hand():
    train = visits()
    model = made(train, candidates="all")
    states, items = states_in_numpy(model, train)
    target = np.array([[4, 3, 2, 0], [2, 0, 0, 0]], "int32")
    logits = np.asarray(model({**INPUTS, "item": target}))[..., 0]
    expected = np.sum(states * items[target[target > 0]], axis=-1)
    np.testing.assert_allclose(logits[target > 0], expected, rtol=1e-4, atol=1e-5)


def test_an_empty_history_is_answered_by_the_features_and_what_is_popular_by_hand():
    train = visits()
    model = made(train)
    items, tower = np.array(layer(model, "item_ids").table.embeddings), layer(model, "user_profile")
    lands = np.array(tower.feature_tables["land"].embeddings)
    weight, bias = (np.array(one) for one in tower.stack[0].get_weights())
    hidden, hidden_bias = layer(model, "mlp").get_weights()
    out, out_bias = layer(model, "query").get_weights()
    z = lands[train.users.columns["land"][INPUTS["user"]]] @ weight + bias
    x = np.concatenate([np.zeros((2, 3)), z], axis=1)
    alone = np.maximum(x @ hidden + hidden_bias, 0.0) @ out + out_bias
    expected = alone @ items.T + np.log1p([0, 0, 2, 2, 1])
    empty = {**INPUTS, "history": np.zeros_like(HISTORY)}
    scores = [model.score_pairs(empty, np.array([item, item])) for item in (2, 3, 4)]
    np.testing.assert_allclose(np.array(scores).T, expected[:, 2:], rtol=1e-4, atol=1e-5)


def test_an_empty_history_without_features_gets_the_popular_items():
    frame = pd.DataFrame([("u", "a"), ("u", "b"), ("v", "b")], columns=["user", "item"])
    model = made(Interactions.from_frame(frame))
    rows, scores = model.top_k({"history": np.zeros((1, 4), "int32")}, 2)
    np.testing.assert_allclose(scores, np.log1p([[2, 1]]), rtol=1e-6)
    assert rows.tolist() == [[3, 2]]


@pytest.mark.slow
def test_a_mean_of_many_steps_is_exact_in_half_precision():
    train = visits()
    with policy_scope("mixed_bfloat16"):
        model = made(train)
    # bfloat16 cannot count beyond 256: a mean of equal steps would grow with the history.
    short, long = (
        {
            "history": np.full((1, length), 3, "int32"),
            "behavior": np.zeros((1, length), "int32"),
            "time_gap": np.full((1, length), -1.0, "float32"),
            "user": np.array([2], "int32"),
        }
        for length in (2, 1024)
    )
    item = np.array([4])
    one, other = model.score_pairs(short, item), model.score_pairs(long, item)
    np.testing.assert_allclose(one, other, rtol=2e-2)


@pytest.mark.slow
def test_learns_from_user_features():
    """All took the same first item, and the land says which one comes next."""
    users = [f"u{n}" for n in range(16)]
    lands = ["no", "fi"] * 8
    rows = [(user, "start", 0) for user in users]
    rows += [(user, f"of {land}", 1) for user, land in zip(users[:14], lands[:14], strict=True)]
    train = Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "timestamp"]),
        user_frame=pd.DataFrame({"user": users, "land": lands}),
        user_features={"land": {"kind": "category"}},
    )
    keras.utils.set_random_seed(0)
    model = YouTubeCandidates(train.schema(4), dim=8, mlp=(16,), candidates="all")
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(train, model.train_inputs, batch_size=16, history_length=4)
    model.fit(data.repeat(40), verbose=0)
    answer = model.recommend(users=users[14:], k=1)
    assert answer["item"].tolist() == ["of no", "of fi"]
