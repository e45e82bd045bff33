"""Features of a request as columns of a signature, by the kinds of their inputs."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest

from kerasrec.client import Signature, Tensor
from kerasrec.client.context import context_columns, context_inputs
from kerasrec.client.query import columns
from kerasrec.errors import InputError

TEXT, TEXTS = Tensor("string", (None,)), Tensor("string", (None, None))
FEATURES = {
    "hour": TEXT,
    "tags": TEXTS,
    "price": Tensor("float32", (None,)),
    "place": Tensor("float32", (None, 2)),
    "at": Tensor("int64", (None,)),
}
SIGNATURE = Signature({"user": TEXT, "exclude": TEXTS, "item": TEXT, **FEATURES}, {})
NAN = pytest.approx(math.nan, nan_ok=True)


def test_features_are_what_no_export_has():
    assert list(context_inputs(SIGNATURE)) == list(FEATURES)


@pytest.mark.parametrize("given", [None, {}, dict.fromkeys(FEATURES), {"hour": math.nan}])
def test_what_is_not_given_is_missing(given):
    missing = {"hour": "", "tags": [""], "price": NAN, "place": [NAN, NAN], "at": 0}
    found = context_columns(SIGNATURE, 2, given)
    assert found == {name: [value, value] for name, value in missing.items()}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("hour", "9", "9"),
        ("hour", 9, "9"),
        ("hour", np.float32(9), "9"),
        ("hour", 9.5, "9.5"),
        ("hour", True, "True"),
        ("hour", pd.NA, ""),
        ("tags", "a|b", ["", "a|b"]),
        ("tags", ["a", 7, None, " "], ["", "a", "7"]),
        ("tags", [], [""]),
        ("price", 7, 7.0),
        ("price", np.float64(0.5), 0.5),
        ("place", (1, 2.5), [1.0, 2.5]),
        ("place", np.array([1, 2]), [1.0, 2.0]),
        ("price", " ", NAN),
        ("place", "", [NAN, NAN]),
        ("at", "", 0),
        ("at", np.int64(1_700_000_000), 1_700_000_000),
        ("at", pd.NaT, 0),
    ],
)
def test_a_value_of_each_kind(name, value, found):
    column = context_columns(SIGNATURE, 1, {name: value})[name]
    assert column == [found]
    # A whole number in JSON may have more digits than a float.
    assert not (name == "price" and isinstance(column[0], int))


def test_one_value_holds_for_all_rows_of_one_query():
    found = context_columns(SIGNATURE, 3, {"tags": ["a", "b"], "hour": 9})
    assert found["tags"] == [["", "a", "b"]] * 3 and found["hour"] == ["9"] * 3


def test_many_queries_have_a_value_each_or_one_for_all():
    given = {"hour": [9, None], "price": 2, "tags": [["a", "b"], "c"], "place": [[1, 2], None]}
    found = context_columns(SIGNATURE, 2, given, single=False)
    assert found["hour"] == ["9", ""] and found["price"] == [2.0, 2.0]
    # Padding first: a batching server repeats the first value.
    assert found["tags"] == [["", "a", "b"], ["", "", "c"]]
    assert found["place"] == [[1.0, 2.0], [NAN, NAN]]
    frame = pd.DataFrame({"hour": [9, 10], "price": [1.5, math.nan]})
    found = context_columns(SIGNATURE, 2, frame, single=False)
    assert found["hour"] == ["9", "10"] and found["price"] == [1.5, NAN]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hours": 9}, "no feature 'hours' of a request; it reads at, hour, place, price, tags"),
        ({"user": "u"}, "no feature 'user'"),
        ([9], "context must be a dict of values by feature: got"),
        ({"hour": ["9"]}, "hour: expected one text, got"),
        ({"hour": "\ud800"}, "hour: .* unpaired surrogate"),
        ({"tags": [["a"]]}, "tags: expected one text"),
        ({"price": "3"}, "price: expected a number, got '3'"),
        ({"price": True}, "price: expected a number, got True"),
        ({"price": math.inf}, "price: expected a finite number .in float32., got inf"),
        ({"place": [1, 2, 3]}, "place: expected a list of 2 numbers"),
        ({"price": 1e39}, "price: expected a finite number .in float32., got 1e.39"),
        ({"price": 10**400}, "price: expected a finite number .in float32."),
        ({"price": b"3"}, "price: expected a number, got b'3'"),
        ({"hour": {"a": 1}}, "hour: expected one text, got {'a': 1}"),
        ({"tags": {"a": 1}}, "tags: expected one text, got {'a': 1}"),
        ({"place": [1, None]}, r"place: expected a list of 2 numbers, got \[1, None\]"),
        ({"place": [math.nan, 1]}, "place: expected a list of 2 numbers"),
        ({"place": ["1", 2]}, "place: expected a number, got '1'"),
        ({"place": {1: 2, 3: 4}}, "place: expected a list of 2 numbers"),
        ({"place": 1}, "place: expected a list of 2 numbers, got 1"),
        ({"at": 1.5}, "at: a time must be a whole number"),
        ({"at": datetime.datetime(2026, 1, 2)}, "at: a time must be a whole number"),
        ({"at": 1_700_000_000_000}, "the year 5138 in seconds"),
    ],
)
def test_wrong_values_are_named(given, message):
    with pytest.raises(InputError, match=message):
        context_columns(SIGNATURE, 1, given)


def test_another_number_of_values_is_refused():
    with pytest.raises(InputError, match="hour: expected a value for each of 2 queries, got 3"):
        context_columns(SIGNATURE, 2, {"hour": [1, 2, 3]}, single=False)


@pytest.mark.parametrize(
    "strange",
    [
        Tensor("bool", (None,)),
        Tensor("string", ()),
        Tensor("float32", (None, None)),
        Tensor("float32", (None, 2**40)),
    ],
)
def test_an_input_of_another_kind_is_refused(strange):
    with pytest.raises(InputError, match="odd: the model reads it, and this client does not know"):
        context_columns(Signature({"odd": strange}, {}), 1)


def test_a_model_without_features():
    with pytest.raises(InputError, match="no feature 'hour' of a request; it reads none"):
        columns(Signature({"user": TEXT}, {}), 1, {"user": ["u"]}, {"hour": 9})


def test_they_stand_beside_the_inputs_of_a_query():
    found = columns(SIGNATURE, 1, {"user": ["u"], "item": ["i"]}, {"hour": 9})
    assert list(found) == [*FEATURES, "user", "exclude", "item"]
    with pytest.raises(InputError, match="takes no history: it reads exclude, item, user$"):
        columns(SIGNATURE, 1, {"history": [["a"]]})
