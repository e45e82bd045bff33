import pandas as pd
import pytest

from kerasrec.data.guess_features import guess_feature, guess_features
from kerasrec.errors import InputError


@pytest.mark.parametrize(
    "values,expected",
    [
        (["a red tea of the north", "two cups of it", "rye bread with seeds"] * 4, "text"),
        (["red", "blue", "green"] * 5, "category"),
        (["1", "2", "3"] * 5, "category"),  # whole numbers of few groups
        ([str(n) for n in range(40)], "number"),
        (["1.5", "2.25", "3"] * 9, "number"),
        (["War|Drama", "Comedy", "Drama"] * 9, "categories"),
        (["['War', 'Drama']", "['Comedy']"] * 9, "categories"),
        ([f"https://a.example/{n}.png" for n in range(9)], None),
        ([f"2024-01-{n + 10}" for n in range(9)], None),
        ([f"sku{n}" for n in range(9)], None),  # an id
        (["same"] * 9, None),
        ([None] * 9, None),
        # Commas of sentences separate no categories.
        ([f"word{n}, and then more words follow here, as they do" for n in range(9)], "text"),
    ],
)
def test_kinds(values, expected):
    found = guess_feature(pd.Series(values))
    assert (found and found["kind"]) == expected


def test_a_table_of_items(tmp_path):
    path = tmp_path / "products.csv"
    pd.DataFrame(
        {
            "SKU": [f"p{n}" for n in range(12)],
            "Name": [f"A fine tea number {n}" for n in range(12)],
            "Colour": ["red", "blue"] * 6,
            "user": ["ann", "bob"] * 6,
        }
    ).to_csv(path, index=False)
    assert guess_features(path, "item") == {
        "path": path.as_posix(),
        "id": "SKU",
        "title": "Name",
        "features": {
            "name": {"kind": "text", "column": "Name"},
            "colour": {"kind": "category", "column": "Colour"},
            # "user" is a name that no feature may have.
            "user_value": {"kind": "category", "column": "user"},
        },
    }
    # The name in the interactions comes first.
    assert guess_features(path, "item", known="Colour")["id"] == "Colour"
    other = tmp_path / "other.csv"
    pd.read_csv(path).drop(columns="user").to_csv(other, index=False)
    with pytest.raises(InputError, match="no column looks like the ids of users: .*'buyer'"):
        guess_features(other, "user", "buyer")


def test_a_table_with_another_separator_is_refused(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("sku;name\np1;tea\n")
    with pytest.raises(InputError, match="separated by ';', and a table of items is read with"):
        guess_features(path, "item")
