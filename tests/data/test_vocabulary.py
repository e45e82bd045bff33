import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN, Vocabulary
from kerasrec.errors import InputError


def test_first_rows_are_padding_unknown_and_the_first_id():
    vocabulary = Vocabulary(["b", "a"])
    assert len(vocabulary) == 4
    assert vocabulary.rows(["", "nobody", "b", "a"]).tolist() == [PADDING, UNKNOWN, FIRST, 3]
    assert vocabulary.lookup([0, 1, 2, 3]).tolist() == ["", "[unknown]", "b", "a"]


def test_agrees_with_keras_string_lookup():
    import keras

    ids = ["007", "7", "ü", "a b"]
    layer = keras.layers.StringLookup(vocabulary=ids, mask_token="")
    asked = np.array(["7", "", "x", "007", "a b", "ü", "[UNK]"])
    assert Vocabulary(ids).rows(asked).tolist() == np.asarray(layer(asked)).tolist()


def test_rows_keep_the_shape_of_their_input():
    vocabulary = Vocabulary(["a", "b"])
    rows = vocabulary.rows(np.array([["a", "b", ""], ["x", "a", "a"]], dtype=object))
    assert rows.tolist() == [[2, 3, 0], [1, 2, 2]]
    assert rows.dtype == np.int32
    assert vocabulary.rows("b").shape == () and vocabulary.rows("b") == 3
    assert vocabulary.rows([]).shape == (0,)
    assert vocabulary.lookup(np.zeros((2, 1), int)).shape == (2, 1)


@pytest.mark.parametrize(
    "values",
    [
        [7, 10, None],
        np.array([7, 10, np.nan]),
        pd.Series([7, 10, None], dtype="Int64"),
        pd.Series(["7", "10", None]),
        pd.Categorical(["7", "10", None]),
        [b"7", b"10", b""],
        [7.0, "10", ""],
    ],
    ids=["list", "float", "Int64", "str", "category", "bytes", "mixed"],
)
def test_an_integer_is_its_decimal_string_whatever_holds_it(values):
    assert Vocabulary(["10", "7"]).rows(values).tolist() == [3, 2, 0]


def test_a_list_of_integers_and_strings_keeps_each_as_it_is():
    assert Vocabulary.from_values([7, "x", 7, "007", True]).ids.tolist() == [
        "7",
        "x",
        "007",
        "True",
    ]


def test_leading_zeros_are_kept():
    vocabulary = Vocabulary.from_values(["007", "7"])
    assert vocabulary.rows(["7", "007", 7]).tolist() == [3, 2, 3]


def test_from_values_orders_by_first_appearance_and_leaves_missing_out():
    values = ["c", None, "a", "", "c", np.nan, "  ", "b"]
    assert Vocabulary.from_values(values).ids.tolist() == ["c", "a", "b"]


def test_extended_keeps_old_rows():
    old = Vocabulary(["b", "a"])
    new = old.extended(["z", "a", None, "y", "z"])
    assert new.ids.tolist() == ["b", "a", "z", "y"]
    assert new.rows(old.ids).tolist() == old.rows(old.ids).tolist()
    assert old.extended(["a", "b"]) is old


def test_round_trip_of_many_random_ids():
    rng = np.random.default_rng(0)
    ids = [str(i) for i in rng.permutation(5000)]
    vocabulary = Vocabulary(ids)
    rows = rng.integers(FIRST, len(vocabulary), size=(50, 7))
    assert (vocabulary.rows(vocabulary.lookup(rows)) == rows).all()


def test_save_and_load(tmp_path):
    vocabulary = Vocabulary(["007", "ü\n", 'quote"'])
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary
    assert json.loads((tmp_path / "v.json").read_text()) == ["007", "ü\n", 'quote"']


def test_contains_and_equality():
    vocabulary = Vocabulary(["a", "7"])
    assert "a" in vocabulary and 7 in vocabulary
    assert "b" not in vocabulary and "" not in vocabulary and "[unknown]" not in vocabulary
    assert vocabulary == Vocabulary(["a", "7"]) != Vocabulary(["7", "a"])
    assert vocabulary != ["a", "7"]


def test_empty():
    assert len(Vocabulary()) == 2
    assert Vocabulary().rows(["a", ""]).tolist() == [1, 0]


def test_ids_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Vocabulary(["a"]).ids[0] = "b"


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "a"], "'a' is given twice"),
        (["a", ""], "non-blank strings, got ''"),
        (["a", "  "], "non-blank strings"),
        ([1, 2], "non-blank strings, got 1"),
        (["a", None], "non-blank strings, got None"),
        ("abc", "sequence of ids, got the string 'abc'"),
    ],
)
def test_bad_ids(ids, message):
    with pytest.raises(InputError, match=message):
        Vocabulary(ids)


def test_rows_outside_the_table():
    for rows in ([4], [-1]):
        with pytest.raises(InputError, match=r"\[0, 4\)"):
            Vocabulary(["a", "b"]).lookup(rows)


def test_lists_are_no_ids():
    with pytest.raises(InputError, match="single values"):
        Vocabulary.from_values([["a"], ["b", "c"]])


@pytest.mark.parametrize("content", ["{}", '["a", 1]', '["a", "a"]', "[", '"ab"'])
def test_bad_files_name_the_file(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(InputError, match="v.json"):
        Vocabulary.load(path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="nothing.json"):
        Vocabulary.load(tmp_path / "nothing.json")
