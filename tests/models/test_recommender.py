import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, load
from kerasrec.errors import InputError
from kerasrec.models import predict, recommender
from kerasrec.models.requests import recommend
from kerasrec_zoo import ItemKNN


class Echo:
    """Returns each batch twice, as Keras does for two replicas."""

    def __init__(self):
        self.sizes = set()

    def predict_on_batch(self, inputs):
        self.sizes.add(len(inputs["user"]))
        return np.concatenate([inputs["user"], inputs["user"]])


@pytest.mark.parametrize("length", [0, 1, 1024, 1025, 3000])
def test_predict_returns_each_row_once(length):
    rows = np.arange(length, dtype="float32")
    model = Echo()
    np.testing.assert_array_equal(predict.predict(model, {"user": rows}), rows)
    assert len(model.sizes) == 1


def test_queries_in_batches_give_the_same_answers(monkeypatch):
    train = load("synthetic", users=60, items=100)
    model = ItemKNN(train.schema(history_length=10))
    model.adapt(train)
    users = list(train.users.vocabulary.ids)
    whole = model.recommend(users=users, k=3)
    for module in (recommend, recommender):
        monkeypatch.setattr(module, "QUERIES_AT_ONCE", 7)
    monkeypatch.setattr(recommender, "SCORES_AT_ONCE", 300)
    assert model.recommend(users=users, k=3).equals(whole)


def test_a_string_is_not_a_list_of_ids():
    train = load("synthetic", users=20, items=100)
    model = ItemKNN(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="users must be a list"):
        model.recommend(users="reader-1")
    with pytest.raises(InputError, match="list of lists"):
        model.recommend(histories=["book-1", "book-2"])
    with pytest.raises(InputError, match="at least one entry"):
        model.recommend(histories=[])


def test_a_long_history_is_cut_with_a_warning():
    train = load("synthetic", users=20, items=100)
    model = ItemKNN(train.schema(history_length=2))
    model.adapt(train)
    with pytest.warns(UserWarning, match="1 history cut to its last 2 items"):
        answer = model.recommend(histories=[["book-1", "book-2", "book-3"], ["book-4"]], k=1)
    assert len(answer) == 2


def test_adapt_refuses_what_are_no_interactions():
    frame = pd.DataFrame({"user": ["u", "u", "v"], "item": ["a", "b", "a"]})
    model = ItemKNN(Interactions.from_frame(frame).schema())
    with pytest.raises(InputError, match="expected Interactions, .* split.train, got DataFrame"):
        model.adapt(frame)


def test_adapt_refuses_behaviors_and_times_that_the_data_lacks():
    frame = pd.DataFrame({"user": ["u", "u", "v"], "item": ["a", "b", "a"]})
    plain = Interactions.from_frame(frame)
    full = Interactions.from_frame(
        frame.assign(timestamp=[1, 2, 3], behavior=["buy", "view", "buy"])
    )
    for field, value in (("timed", True), ("num_behaviors", 4)):
        schema = dataclasses.replace(plain.schema(), **{field: value})
        with pytest.raises(InputError, match=f"{field} is {value} in its schema"):
            ItemKNN(schema).adapt(plain)
    with pytest.raises(InputError, match="num_behaviors is 7 in its schema, 4 in this data"):
        ItemKNN(dataclasses.replace(full.schema(), num_behaviors=7)).adapt(full)
    ItemKNN(dataclasses.replace(full.schema(), num_behaviors=0, timed=False)).adapt(full)


def test_an_argument_that_keras_would_replace_is_refused():
    class Replaced(ItemKNN):
        def __init__(self, schema, history=True, name=None):
            super().__init__(schema, name=name)

    with pytest.raises(InputError, match="the argument history has the name of an attribute that"):
        Replaced(load("synthetic", users=50, items=100).schema())
