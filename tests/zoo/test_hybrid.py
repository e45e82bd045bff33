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
