import json

import pytest

from kerasrec.data.schema import Feature, Schema
from kerasrec.errors import InputError


@pytest.mark.parametrize(
    ("feature", "shape", "dtype"),
    [
        (Feature("a", "category", size=5), (), "int32"),
        (Feature("a", "categories", size=5, length=3), (3,), "int32"),
        (Feature("a", "text", size=9, length=7), (7,), "int32"),
        (Feature("a", "users", size=5, length=3), (3,), "int32"),
        (Feature("a", "number"), (), "float32"),
        (Feature("a", "vector", size=4), (4,), "float32"),
    ],
)
def test_shape_and_dtype_of_each_kind(feature, shape, dtype):
    assert feature.shape == shape
    assert feature.dtype == dtype


def test_round_trip_through_json():
    schema = Schema(
        num_users=10,
        num_items=20,
        history_length=7,
        user_features=(Feature("age", "number"),),
        item_features=(Feature("plot", "text", 100, 30), Feature("genres", "categories", 9, 3)),
        num_behaviors=4,
    )
    plain = json.loads(json.dumps(schema.to_dict()))
    assert plain == schema.to_dict()
    assert plain["item_features"][0] == {"name": "plot", "kind": "text", "size": 100, "length": 30}
    assert Schema.from_dict(plain) == schema
    assert hash(Schema.from_dict(plain)) == hash(schema)


def test_lists_of_features_become_tuples():
    schema = Schema(2, 2, item_features=[Feature("year", "number")])
    assert schema.item_features == (Feature("year", "number"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("a", "genre", 3),
            "category, categories, number, text, vector, users, image, got 'genre'",
        ),
        (("release year", "number"), "'release year' must be letters"),
        (("", "number"), "must be letters"),
        (("user", "number"), "'user' is a model input's .* another name .*`column: user`"),
        (("item", "category", 3), "'item' is a model input's"),
        (("history", "number"), "'history' is a model input's"),
        (("exclude", "number"), "'exclude' is a model input's"),
        (("count", "number"), "'count' is a model input's"),
        (("a", "category", 1), "size must be a whole number of at least 2: got 1"),
        (("a", "category", 5, 2), "kind category has length 1, got 2"),
        (("a", "categories", 5, 0), "length must be a whole number of at least 1: got 0"),
        (("a", "number", 2), "a number has size 1"),
        (("a", "vector", 0), "at least 1: got 0"),
        (("a", "vector", 2.5), "whole number"),
        (("a", "vector", True), "whole number"),
    ],
)
def test_bad_features(arguments, message):
    with pytest.raises(InputError, match=message):
        Feature(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_users": 1}, "num_users"),
        ({"num_items": "9"}, "num_items"),
        ({"history_length": 0}, "history_length"),
        ({"num_behaviors": -1}, "num_behaviors"),
        ({"item_features": (Feature("a", "number"), Feature("a", "vector", 3))}, "one name"),
        ({"item_features": ({"name": "a"},)}, "Feature objects"),
    ],
)
def test_bad_schemas(arguments, message):
    with pytest.raises(InputError, match=message):
        Schema(**{"num_users": 3, "num_items": 3, **arguments})


@pytest.mark.parametrize(
    "plain",
    [
        {"num_users": 3},
        {"num_users": 3, "num_items": 3, "num_shops": 3},
        {"num_users": 3, "num_items": 3, "item_features": [{"name": "a", "type": "number"}]},
        {"num_users": 3, "num_items": 3, "item_features": ["a"]},
    ],
)
def test_not_a_schema(plain):
    with pytest.raises(InputError, match="Not a schema"):
        Schema.from_dict(plain)
