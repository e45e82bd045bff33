"""What every sequence model makes of histories at the edge: in training, and when asked."""

import inspect

import numpy as np
import pandas as pd
import pytest

import kerasrec_zoo
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models.contract.models_of import models_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

MODELS = models_of(kerasrec_zoo)
# Those that are trained on the steps of histories, and the one that counts them.
NAMES = [cls.__name__ for cls in MODELS if hasattr(inspect.getmodule(cls), "HistoryInputs")]
NAMES += ["Markov"]
FORMS = [(name, {}) for name in NAMES]
FORMS += [("RNNRecommender", {"cell": "bilstm"}), ("AttentionRecommender", {"attention": "dot"})]
FORMS += [("AttentionRecommender", {"attention": "additive"})]
# As `make` of conftest builds them.
LENGTH = 8

forms = pytest.mark.parametrize(
    "name,given", FORMS, ids=["-".join([name, *given.values()]) for name, given in FORMS]
)


def interactions(*histories):
    """A user each, u0 first; a letter an item, a second apart, of which each says a word."""
    rows = [
        (f"u{user}", item, 1_000_000 + second)
        for user, items in enumerate(histories)
        for second, item in enumerate(items)
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    items = pd.DataFrame({"item": sorted(set("".join(histories)))})
    return Interactions.from_frame(
        frame,
        item_frame=items.assign(text="word " + items["item"]),
        item_features={"text": {"kind": "text", "length": 2}},
    )


@pytest.fixture(scope="module")
def odd():
    """One item a hundred times, users of one item, and a few that walk; a, b, c ... by fame."""
    return interactions("a" * 100 + "b", "b", "c", "bcd", "bcde", "bcde", "dcb", "b")


@pytest.fixture(scope="module")
def fitted(make, fit, odd):
    """`fitted(name, given)`: the model of a form and its losses, made once."""
    made = {}

    def fitted(name, given):
        key = name, *given.values()
        if key not in made:
            model = make(getattr(kerasrec_zoo, name), odd, **given)
            made[key] = model, fit(model, odd, epochs=2, run_eagerly=True)
        return made[key]

    return fitted


@forms
def test_repeated_items_and_users_of_one_item_are_trained_on(name, given, fitted, odd):
    model, losses = fitted(name, given)
    assert np.isfinite(losses).all() and bool(losses) == (name != "Markov")
    users = list(odd.users.vocabulary.ids)
    answer = model.recommend(users=users, k=4, repeats="allow")
    assert np.isfinite(answer["score"]).all() and len(answer) == 4 * len(users)


@forms
@pytest.mark.parametrize("history", [[], ["x", "y"]], ids=["empty", "unknown"])
def test_no_item_it_knows_is_answered_with_what_is_popular(name, given, history, fitted):
    model, _ = fitted(name, given)
    with pytest.warns(UserWarning) as said:
        answer = model.recommend(histories=[["a", "b"], history], k=3)
    own = answer.loc[answer["user"] == 1, "item"].tolist()
    assert own == ["a", "b", "c"]
    words = " ".join(str(warning.message) for warning in said)
    assert "1 of 2 queries has no history that the model knows" in words
    assert ("unknown history item id" in words) == bool(history)


@forms
def test_of_a_long_history_the_end_counts(name, given, fitted):
    model, _ = fitted(name, given)
    asked = {"k": 4, "repeats": "allow"}
    end = list("bcdedcbc")
    with pytest.warns(UserWarning, match=f"1 history cut to its last {LENGTH} items"):
        answer = model.recommend(histories=[[*"edcba" * 50, *end]], **asked)
    pd.testing.assert_frame_equal(answer, model.recommend(histories=[end], **asked))


@forms
def test_a_thousand_times_the_same_item(name, given, fitted):
    model, _ = fitted(name, given)
    with pytest.warns(UserWarning, match="1 history cut"):
        answer = model.recommend(histories=[["a"] * 1000, ["c", "a"]], k=4)
    assert np.isfinite(answer["score"]).all()
    assert sorted(answer.loc[answer["user"] == 0, "item"]) == ["b", "c", "d", "e"]


@pytest.mark.parametrize("name", NAMES)
def test_users_of_one_item_alone_teach_no_order_and_that_is_said(name, make, fit):
    train = interactions("a", "b", "a")
    model = make(getattr(kerasrec_zoo, name), train)
    if model.trainable_weights:
        with pytest.raises(InputError, match="Nothing to train on: .* histories a user with two"):
            fit(model, train, run_eagerly=True)
    answer = model.recommend(histories=[["b"]], k=2, repeats="allow")
    assert np.isfinite(answer["score"]).all()
