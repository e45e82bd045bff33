import pandas as pd
import pytest

from kerasrec.data import Impressions
from kerasrec.data.cross_columns import cross_column
from kerasrec.errors import InputError


def table(crosses=None):
    frame = pd.DataFrame(
        {
            "user": ["u", "u", "v", "v"],
            "item": ["a", "b", "b", "a"],
            "hour": ["9", "22", "9", "9"],
            "age": [1.0, 2.0, 3.0, 4.0],
            "click": [1, 0, 0, 1],
        }
    )
    return Impressions.from_frame(
        frame,
        context={"hour": {"kind": "category"}, "age": {"kind": "number"}},
        user_frame=pd.DataFrame({"user": ["u", "v"], "city": ["x", "y"], "height": [1.0, 2.0]}),
        user_features={"city": {"kind": "category"}, "height": {"kind": "number"}},
        item_frame=pd.DataFrame({"item": ["a", "b"], "brand": ["k", "k"]}),
        item_features={"brand": {"kind": "category"}},
        crosses=crosses,
    )


@pytest.mark.parametrize(
    ("name", "rows", "size"),
    [
        ("user", [2, 2, 3, 3], 4),
        ("item", [2, 3, 3, 2], 4),
        ("hour", [2, 3, 2, 2], 4),
        ("user_city", [2, 2, 3, 3], 4),
        ("item_brand", [2, 2, 2, 2], 3),
    ],
)
def test_a_category_of_each_side(name, rows, size):
    found, number = cross_column(table(), name)
    assert found.tolist() == rows and number == size


@pytest.mark.parametrize("name", ["age", "user_height", "user_brand", "click", "city"])
def test_what_is_no_category_is_refused_with_those_there_are(name):
    known = "hour, user_city, item_brand"
    with pytest.raises(InputError, match=f"there is none '{name}': user, item, {known}"):
        cross_column(table(), name)


def test_the_size_counts_the_pairs_that_occur():
    (cross,) = table({"c": {"columns": ["item", "hour"]}}).crosses
    # (a, 9), (b, 22), (b, 9), behind padding and unknown.
    assert cross.size == 5
    (cross,) = table({"c": {"columns": ["item"], "label": "click"}}).crosses
    assert cross.size == 4 and cross.label == "click"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["user", "item", "hour"]}, "expected two columns, or one with a label"),
        ({"columns": ["user", "user"]}, "expected two columns"),
        ({"columns": ["user"]}, "one column is a feature already"),
        ({"columns": "user"}, "expected columns, a list"),
        ({"columns": ["user", "item"], "labels": "click"}, "expected columns, a list"),
        ({"columns": ["user", "item"], "label": "buy"}, "there is no label 'buy'; there are click"),
        ({"columns": ["user", "item"], "min_count": 0}, "min_count"),
        ({"columns": ["item"], "label": "click", "prior": 0}, "prior must be a number of examples"),
        ({"columns": ["item"], "label": "click", "prior": True}, "above 0, got True"),
        ({"columns": ["item"], "label": "click", "prior": float("nan")}, "above 0, got nan"),
    ],
)
def test_a_wrong_cross_is_refused_by_name(options, message):
    with pytest.raises(InputError, match=message) as caught:
        table({"pair": options})
    assert "pair" in str(caught.value)


@pytest.mark.parametrize("name", ["user", "item", "hour", "age", "user_city", "position", "a b"])
def test_a_cross_has_a_name_of_its_own(name):
    with pytest.raises(InputError, match="name"):
        table({name: {"columns": ["user", "item"]}}).schema()
