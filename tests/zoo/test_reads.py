"""What a model says that it reads, held against what its scores depend on."""

import dataclasses
import inspect

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.data.vocabulary import FIRST
from kerasrec.models.columns_read import columns_read, describe_columns_read
from kerasrec.models.contract.every_kind import ITEMS, USERS, every_kind
from kerasrec.models.contract.models_of import models_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

MODELS = models_of(kerasrec_zoo)
READ_BY = ("user_features", "features")
FORMS = [(cls, {}) for cls in MODELS]
FORMS += [
    (kerasrec_zoo.AutoRec, {"item_based": False}),
    (kerasrec_zoo.ContentBased, {"user_features": True, "encoder": "vectors"}),
    (kerasrec_zoo.ContentKNN, {"weighting": "bm25"}),
    (kerasrec_zoo.Hybrid, {"encoder": "code", "alpha": None}),
    (kerasrec_zoo.Hybrid, {"cell": "bilstm"}),
    (kerasrec_zoo.ImplicitALS, {"alpha": 1.0, "epochs": 1}),
    (kerasrec_zoo.ItemKNN, {"task": "rating"}),
    (kerasrec_zoo.MatrixFactorization, {"candidates": "all"}),
    *(
        (cls, {argument: True})
        for cls in MODELS
        for argument in READ_BY
        if argument in inspect.signature(cls).parameters
    ),
    (kerasrec_zoo.SVD, {"centred": True}),
    (kerasrec_zoo.SVD, {"ratings": True}),
]
# Trained on histories, and read as sets: what was done at a step, and when, has no place there.
SETS = (kerasrec_zoo.MultVAE, kerasrec_zoo.ContentBased)

forms = pytest.mark.parametrize(
    "cls,given",
    FORMS,
    ids=["-".join([cls.__name__, *map(str, given.values())]) for cls, given in FORMS],
)


@pytest.fixture(scope="module")
def full():
    return every_kind()


def changed(data, column):
    """The same interactions with other values in one column."""
    if column == "order":
        backwards = {
            name: getattr(data, name)[::-1] for name in ("user", "item", "value", "behavior")
        }
        return dataclasses.replace(data, **backwards)
    if column == "timestamp":
        return dataclasses.replace(data, timestamp=data.timestamp**2 // 1_000_000)
    if not column.startswith(("user", "item")):
        return dataclasses.replace(data, **{column: np.roll(getattr(data, column), 7)})
    side, _, name = column.partition(" feature ")
    catalog = getattr(data, side + "s")
    mixed = catalog.columns[name].copy()
    mixed[FIRST:] = np.roll(mixed[FIRST:], 3, axis=0)
    catalog = dataclasses.replace(catalog, columns={**catalog.columns, name: mixed})
    return dataclasses.replace(data, **{side + "s": catalog})


def scores(model, data):
    """All users with all items, once adapted to the data."""
    model.adapt(data)
    users = np.arange(FIRST, FIRST + USERS)
    past = model.histories.take(users).inputs(model.query_inputs, model.schema.history_length)
    queries = model.encode_queries({"user": users.astype("int32"), **past})
    every = model.score_catalog(queries, np.asarray(model.encode_catalog()))
    if model.predicts_values:  # a rating by neighbours is scored alone
        rows = np.tile(np.arange(FIRST, FIRST + ITEMS, dtype="int32"), USERS)
        inputs = {"user": users.astype("int32"), **past}
        return model.score_pairs(
            {name: np.repeat(x, ITEMS, axis=0) for name, x in inputs.items()}, rows
        )
    return np.asarray(every)[:, FIRST:]


@forms
def test_what_is_read_makes_a_difference_and_nothing_else_does(cls, given, make, full):
    if "epochs" in inspect.signature(cls).parameters:  # a solution after one turn is one too
        given = {"epochs": 1, **given}
    model = make(cls, full, **given)
    # Every model that is trained on sequences reads what was done and when.
    trained = model.trainable_weights and "history" in model.train_inputs and cls not in SETS
    for inputs in (model.train_inputs, model.query_inputs):
        assert {"behavior", "time_gap"} & set(inputs) == (
            {"behavior", "time_gap"} if trained else set()
        )
    for weight in model.trainable_weights:  # zeros would hide what comes before them
        if not np.any(weight):
            weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    before, said = scores(model, full), model.reads(full)
    columns = ["value", "timestamp", "behavior", "user feature city", "user feature friends"]
    columns += [f"item feature {name}" for name in ("text", "price", "look")]
    assert list(said) == columns
    said["order"] = said["timestamp"]
    said["timestamp"] = said["timestamp"] == "order, and the time between steps"
    # Of the scores that a training starts with; some columns are read by its loss alone.
    by_loss = {"value"} if model.predicts_values and model.trainable_weights else set()
    by_loss |= {"user feature friends"} if cls is kerasrec_zoo.SocialMF else set()
    assert all(said[column] for column in by_loss)
    unread = full
    for column, how in said.items():
        if not how:
            unread = changed(unread, column)
        elif column not in by_loss:
            assert np.abs(scores(model, changed(full, column)) - before).max() > 1e-5, column
    np.testing.assert_allclose(scores(model, unread), before, atol=1e-5)


@pytest.mark.parametrize(
    "cls,silent",
    [(kerasrec_zoo.Markov, False), (kerasrec_zoo.SASRec, True)],
)
def test_what_a_request_says_in_vain_is_said(cls, silent, make, full):
    model = make(cls, full)
    asked = {"histories": [["1", "2"]], "behaviors": [["view", "buy"]], "timestamps": [[9, 10]]}
    said = {
        f"{cls.__name__} reads no {name} of a history: they change nothing"
        for name in ("behaviors", "timestamps")
    }
    if silent:
        assert not model.recommend(**asked, k=2).attrs["notes"]
        assert model.score(**asked, items=["3"]).shape == (1,)
        return
    with pytest.warns(UserWarning, match="reads no (behaviors|timestamps)"):
        assert set(model.recommend(**asked, k=2).attrs["notes"]) == said
    with pytest.warns(UserWarning, match="reads no (behaviors|timestamps)"):
        model.score(**asked, items=["3"])


def test_the_lines_that_fit_prints(make, full):
    model = make(kerasrec_zoo.SVD, full)
    assert describe_columns_read(model, model.reads(full)) == [
        "Not read by SVD, though the data has it: value, timestamp, behavior, user feature city, "
        "user feature friends, item feature text, item feature price, item feature look."
    ]
    for cls, argument, whose in (
        (kerasrec_zoo.Hybrid, "user_features", "users"),
        (kerasrec_zoo.SASRec, "features", "users and items"),
    ):
        model = make(cls, full)
        lines = describe_columns_read(model, model.reads(full))
        assert lines[-1] == f"{cls.__name__} reads the features of {whose} with {argument}: true."
        model = make(cls, full, **{argument: True})
        lines = describe_columns_read(model, model.reads(full))
        assert "user feature city (category)" in lines[0] and "city" not in lines[-1]
    model = make(kerasrec_zoo.MatrixFactorization, full, candidates="sampled")
    # A loss of labels reads the sign of a value.
    assert columns_read(model, full, "bce")["value"] == "above 0 is positive"
    assert columns_read(model, full, "softmax")["value"] is None
    same = dataclasses.replace(full, value=np.ones(len(full), "float32"))
    assert "value" not in model.reads(same)
