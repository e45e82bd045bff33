"""Items for the words of a search, by hand."""

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec_zoo import ContentBased, Hybrid, ItemKNN, MatrixFactorization, SASRec, TwoTower

HALF = float(np.sqrt(0.5))


@pytest.fixture(scope="module")
def train(blue_and_red):
    return blue_and_red[0]


@pytest.fixture(scope="module")
def model(blue_and_red):
    return blue_and_red[1]


def test_words_by_hand(model):
    found = model.search("BLUE!", k=4)
    assert found["item"].tolist() == ["x", "z", "y", "w"]
    np.testing.assert_allclose(found["score"], [1, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(model.search("red blue", k=4)["score"], [HALF] * 4, atol=1e-6)
    assert found.attrs["notes"] == []
    assert model.search("blue", k=2, exclude=["x"])["item"].tolist() == ["z", "y"]
    assert model.search("blue", k=4, allow=["w", "z"])["item"].tolist() == ["z", "w"]


def test_words_and_a_history_by_hand(model):
    # By words x, z, y, w; for the history y, w, x, z.
    found = model.search("blue", k=4, history=["y"])
    assert found["item"].tolist() == ["x", "y", "z", "w"]
    high, low = 1 / 61 + 1 / 63, 1 / 62 + 1 / 64
    np.testing.assert_allclose(found["score"], [high, high, low, low], rtol=1e-6)


def test_words_that_no_item_has(model):
    with pytest.warns(UserWarning, match="words that no item has are left out: green"):
        assert model.search("green red", k=1)["item"].tolist() == ["y"]
    with pytest.warns(UserWarning, match="no item has these words: answered with popular items"):
        found = model.search("green", k=2)
    assert found["item"].tolist() == ["w", "x"] and found["score"].tolist() == [3, 1]
    with pytest.warns(UserWarning, match="left out: a, b, c, d, e and more"):
        model.search("a b red c d a e f", k=1)
    # In the code a word of a single item has no weight.
    with pytest.warns(UserWarning, match="do not tell these words apart: answered with popular"):
        assert model.search("sun", k=1)["item"].tolist() == ["w"]


@pytest.mark.parametrize(
    "cls, arguments",
    [
        (TwoTower, {}),
        (Hybrid, {}),
        (ContentBased, {"encoder": "conv1d"}),
        (SASRec, {"features": True}),
    ],
)
def test_models_of_content_find_an_item_by_its_own_text(train, cls, arguments):
    model = cls(train.schema(), dim=8, **arguments)
    model.adapt(train)
    found = model.search("Red fire", k=4, user="a")
    assert sorted(found["item"]) == list("wxyz") and np.isfinite(found["score"]).all()


@pytest.mark.parametrize(
    "cls, arguments", [(ItemKNN, {}), (MatrixFactorization, {"dim": 2})], ids=["table", "ids"]
)
def test_a_model_without_texts_in_its_vectors(train, cls, arguments):
    model = cls(train.schema(), **arguments)
    model.adapt(train)
    with pytest.raises(InputError, match="reads no text of the items into its vectors"):
        model.search("blue", k=1)


@pytest.mark.parametrize(
    "asked, message",
    [
        ({"text": " "}, "text must be the words of a search"),
        ({"text": ["blue"]}, "text must be the words of a search"),
        ({"text": "blue " * 250_000}, "text must have at most 10,000 characters, got 1,250,000"),
        ({"text": "\ud800"}, "unpaired surrogate"),
        ({"text": "blue", "k": 5}, "k must be"),
        ({"text": "blue", "user": "a", "history": ["x"]}, "a user or a history, not both"),
        ({"text": "blue", "allow": ["?"]}, "allow holds no item that the model knows"),
    ],
)
def test_wrong_questions(model, asked, message):
    with pytest.raises(InputError, match=message):
        model.search(**{"k": 1, **asked})
