"""What is the Hybrid's own."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, load
from kerasrec.data.schema import Feature, Schema
from kerasrec_zoo import Hybrid

pytestmark = pytest.mark.slow


def test_text_may_be_all_that_is_known_of_an_item():
    text = Feature(name="text", kind="text", size=9, length=4)
    model = Hybrid(Schema(5, 6, 3, item_features=(text,)), dim=4)
    history, item = np.array([[2, 3, 0]]), np.array([[3, 4, 0]])
    assert model({"history": history, "item": item}).shape == (1, 3, 2)


@pytest.mark.parametrize(("alpha", "absent"), [(0.0, "behavior"), (1.0, "content")])
def test_alpha_at_its_ends_is_one_side_alone(alpha, absent):
    train = load("synthetic", users=40, items=100)
    model = Hybrid(train.schema(), dim=4, alpha=alpha)
    model.adapt(train)
    for weight in model.trainable_weights:  # no item is liked by everybody
        if weight.shape == (len(train.items), 1):
            weight.assign(np.zeros(weight.shape))
    answer = model.recommend(users=list(train.users.vocabulary.ids[:3]), k=4, explain=True)
    assert np.abs(answer[f"from_{absent}"]).max() < 1e-6
    assert np.abs(answer["score"]).max() > 1e-3


def test_one_vector_of_both_is_not_taken_apart():
    train = load("synthetic", users=40, items=100)
    model = Hybrid(train.schema(), dim=4, alpha=None, encoder="code")
    model.adapt(train)
    answer = model.recommend(users=[train.users.vocabulary.ids[0]], k=2, explain=True)
    assert "from_content" not in answer


def test_an_item_nobody_touched_is_scored_by_its_content_alone():
    """Two items that no one took and that say the same are worth the same, under any alpha."""
    texts = ["red fire", "blue sea", "red fire", "red fire"]
    items = pd.DataFrame({"item": list("abcd"), "text": texts})
    frame = pd.DataFrame({"user": list("uuvv"), "item": list("abba")})
    train = Interactions.from_frame(
        frame, item_frame=items, item_features={"text": {"kind": "text", "length": 3}}
    )
    for encoder in ("conv1d", "code"):
        model = Hybrid(train.schema(), dim=4, encoder=encoder)
        model.adapt(train)
        scores = model.score(histories=[["a"], ["a"]], items=["c", "d"])
        assert scores[0] == pytest.approx(scores[1], abs=1e-6)
        answer = model.recommend(histories=[["a"]], k=3, explain=True).set_index("item")
        assert answer.loc["c", "from_content"] == pytest.approx(answer.loc["d", "from_content"])


def test_words_that_speak_for_an_item_are_named():
    items = pd.DataFrame({"item": list("abcd"), "text": ["red fire", "blue sea", "red sun", ""]})
    frame = pd.DataFrame({"user": list("uuvv"), "item": list("abba")})
    train = Interactions.from_frame(
        frame, item_frame=items, item_features={"text": {"kind": "text", "length": 3}}
    )
    model = Hybrid(train.schema(), dim=4, kernel_sizes=(1,))
    model.adapt(train)
    answer = model.recommend(histories=[["a"]], k=3, explain=5).set_index("item")
    assert {one["word"] for one in answer.loc["c", "words"]} <= {"red", "sun"}
    assert answer.loc["d", "words"] == []
    said = sum(one["contribution"] for one in answer.loc["c", "words"])
    silent = answer.loc["d", "from_content"]  # what an item without a word has: the bias
    assert said + silent == pytest.approx(answer.loc["c", "from_content"], abs=1e-5)


def test_the_score_by_hand():
    items = pd.DataFrame({"item": list("ab"), "text": ["red fire", "blue sea"]})
    frame = pd.DataFrame({"user": list("uuv"), "item": list("aba")})
    train = Interactions.from_frame(
        frame, item_frame=items, item_features={"text": {"kind": "text", "length": 2}}
    )
    model = Hybrid(train.schema(), dim=2, alpha=0.25, dropout=0.0)
    model.adapt(train)
    for weight in model.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    table = np.zeros((4, 2))
    table[train.items.vocabulary.rows(["a", "b"])] = [[5.0, 2.0], [3.0, 1.0]]
    model.query_model.get_layer("item_ids").table.embeddings.assign(table)
    bias = np.zeros((4, 1))
    bias[train.items.vocabulary.rows(["a"])] = 0.5
    model.item_tower.encoder.get_layer("item_bias").table.embeddings.assign(bias)
    norm = model.query_model.get_layer("user_encoder").norm
    norm.set_weights([np.ones(2), np.zeros(2)])
    # The LSTM adds 0 and the content is 0: U = LN(b) = LN(3, 1) = (1, -1), and the score is
    # alpha <U, V_a> + b_a = 0.25 (5 - 2) + 0.5.
    score = model.score(histories=[["a", "b"]], items=["a"])
    np.testing.assert_allclose(score, [1.25], rtol=1e-2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, weights):
    """The last state of Keras's LSTM over `(length, dim)`, in NumPy: gates i, f, c, o."""
    kernel, recurrent, bias = weights
    h = c = np.zeros(len(recurrent))
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


@pytest.mark.parametrize("alpha", [0.25, None])
def test_both_directions_behaviors_and_times_by_hand(alpha, check_graph):
    """x_t = V_t + B_b + G_g, U = LN([forward; backward] + x_n), and the score from U, V and C."""
    items = pd.DataFrame({"item": list("abcd"), "price": [1.0, 3.0, 2.0, 5.0]})
    rows = [("u", item, done, 100 * n) for n, (item, done) in enumerate(["ax", "by", "cx"])]
    rows += [("v", item, done, 7 * n) for n, (item, done) in enumerate(["dy", "ay"])]
    train = Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item", "behavior", "timestamp"]),
        item_frame=items,
        item_features={"price": {"kind": "number"}},
    )
    model = Hybrid(train.schema(4), dim=4, cell="bilstm", alpha=alpha, encoder="bag_of_words")
    model.adapt(train)
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(scale=0.5, size=weight.shape))
    assert model.steps == "last" and {"behavior", "time_gap"} <= set(model.query_inputs)
    history, behavior = train.items.vocabulary.rows(["a", "b"]), np.array([[2, 3]], "int32")
    gap = np.array([[-1.0, 3.0]], "float32")
    encoder = model.item_tower.encoder
    v = np.array(encoder.get_layer("item_ids").table.embeddings)
    prices = np.array(model.catalog(np.arange(6))["price"])[:, None]
    w_c, b_c = (np.array(w) for w in encoder.get_layer("content").tower.stack[0].weights)
    content = prices @ w_c + b_c
    vectors = v
    if alpha is None:
        w, b = (np.array(w) for w in encoder.get_layer("joined").weights)
        vectors = v + np.concatenate([v, content], axis=-1) @ w + b
    steps = model.query_model.get_layer("step_context")
    x = vectors[history] + np.array(steps.behavior_table.embeddings)[behavior[0]]
    # The time of the first step is unknown; 3 seconds are in bucket log2(1 + 3) = 2, row 3.
    x[1] += np.array(steps.time_gap_table.embeddings)[3]
    read = model.query_model.get_layer("user_encoder")
    weights = [np.array(w) for w in read.rnn.weights]
    total = np.concatenate([lstm(x, weights[:3]), lstm(x[::-1], weights[3:])]) + x[1]
    gamma, beta = (np.array(w) for w in read.norm.weights)
    u = (total - total.mean()) / np.sqrt(total.var() + 1e-6) * gamma + beta
    bias = np.array(encoder.get_layer("item_bias").table.embeddings)[:, 0]
    if alpha is None:
        expected = vectors @ u + bias
    else:
        w, b = (np.array(w) for w in model.hybrid_head.projection.weights)
        expected = alpha * v @ u + (1 - alpha) * content @ (u @ w + b) + bias
    inputs = {"history": history[None], "behavior": behavior, "time_gap": gap}
    asked = {name: np.repeat(value, 4, 0) for name, value in inputs.items()}
    scores = model.score_pairs(asked, np.arange(2, 6))
    np.testing.assert_allclose(scores, expected[2:], atol=1e-6, rtol=1e-6)
    check_graph(model, k=3)
