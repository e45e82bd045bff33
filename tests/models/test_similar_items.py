"""Items alike: cosines by hand, of vectors without their biases."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import EASE, MatrixFactorization, Popularity

# Row 0 padding, row 1 unknown, then x, y, z, w.
VECTORS = [[0, 0], [9, 9], [4, 0], [3, 3], [2, 0], [0, 5]]
HALF = float(np.sqrt(0.5))


@pytest.fixture
def model():
    frame = pd.DataFrame({"user": list("aabb"), "item": list("xyzw")})
    items = pd.DataFrame({"item": list("xyzw"), "title": ["Ex", "Why", "Zed", "Wu"]})
    train = Interactions.from_frame(frame, item_frame=items, item_title="title")
    model = MatrixFactorization(train.schema(), dim=2)
    model.adapt(train)
    # A bias says how much an item is liked, not what it is like.
    vectors = np.concatenate([VECTORS, 100.0 * np.arange(12).reshape(6, 2)], axis=1)
    model.encode_catalog = lambda: vectors.astype("float32")
    return model


def test_by_hand(model):
    answer = model.similar_items(["x", "w"], k=3)
    assert answer["of"].tolist() == ["x"] * 3 + ["w"] * 3
    assert answer["item"].tolist() == ["z", "y", "w", "y", "x", "z"]
    np.testing.assert_allclose(answer["score"], [1, HALF, 0, HALF, 0, 0], atol=1e-6)
    assert answer["title"].tolist()[:2] == ["Zed", "Why"]
    assert answer["rank"].tolist() == [1, 2, 3] * 2


def test_exclude_allow_and_the_item_itself(model):
    assert model.similar_items(["x"], k=2, exclude=["z"])["item"].tolist() == ["y", "w"]
    assert model.similar_items(["x"], k=4, allow=["w", "x", "?"])["item"].tolist() == ["w"]


def test_an_unknown_item_has_no_answer_and_that_is_said(model):
    with pytest.warns(UserWarning, match="1 unknown item id, without an answer: nothing"):
        answer = model.similar_items(["nothing", "x"], k=1)
    assert answer[["of", "item"]].to_numpy().tolist() == [["x", "z"]]


def test_a_vector_of_zeros_is_like_nothing(model):
    vectors = np.array(model.encode_catalog())
    vectors[2] = 0.0
    model.encode_catalog = lambda: vectors
    assert not model.similar_items(["x"], k=3)["score"].any()


def test_the_default_k_is_cut_to_the_items_and_that_is_said(model):
    with pytest.warns(UserWarning, match="there are 4 items: k is 4, not 10"):
        assert len(model.similar_items(["x"])) == 3
    with pytest.warns(UserWarning, match="there are 4 items: k is 4, not 10"):
        assert len(model.recommend(users=["a"], repeats="allow")) == 4


def test_what_is_wrong_is_said(model):
    said = "k must be a whole number between 1 and the number of items, 4: got 5"
    with pytest.raises(InputError, match=said):
        model.similar_items(["x"], k=5)
    with pytest.raises(InputError, match="items must be a list of ids: got 'x'"):
        model.similar_items("x", k=1)
    with pytest.raises(InputError, match="allow holds no item that the model knows"):
        model.similar_items(["x"], k=1, allow=["?"])


@pytest.mark.parametrize("cls", [Popularity, EASE])
def test_a_model_without_such_vectors_says_so(cls, model):
    frame = pd.DataFrame({"user": list("aabb"), "item": list("xyzw")})
    train = Interactions.from_frame(frame)
    other = cls(train.schema())
    with pytest.raises(InputError, match="adapt"):
        other.similar_items(["x"])
    other.adapt(train)
    with pytest.raises(InputError, match="has no item vectors to compare"):
        other.similar_items(["x"], k=1)
