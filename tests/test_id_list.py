import numpy as np
import pandas as pd
import pytest

from kerasrec.errors import InputError
from kerasrec.id_list import id_factors, id_list, id_lists

LISTS = {
    "list": lambda ids: ids,
    "tuple": tuple,
    "array": np.array,
    "array of objects": lambda ids: np.array(ids, object),
    "column": pd.Series,
    "column with another index": lambda ids: pd.Series(ids, index=[7] * len(ids)),
    "index": pd.Index,
    "categories": pd.Categorical,
    "pandas array": lambda ids: pd.array(ids, "string"),
    "generator": lambda ids: (one for one in ids),
    "keys of a dict": lambda ids: dict.fromkeys(ids).keys(),
}


@pytest.mark.parametrize("made", LISTS.values(), ids=LISTS)
def test_any_list_gives_its_ids_in_order(made):
    assert id_list(made(["b", "a", "12"]), "users") == ["b", "a", "12"]
    assert id_list(made([]), "users") == []


def test_arrow_and_tensors_give_plain_values():
    pyarrow = pytest.importorskip("pyarrow")
    assert id_list(pyarrow.array(["b", None]), "users") == ["b", None]
    assert id_list(pyarrow.chunked_array([["b"], ["a"]]), "users") == ["b", "a"]
    keras = pytest.importorskip("keras")
    assert id_list(keras.ops.convert_to_tensor([3, 2]), "users") == [3, 2]


def test_a_set_is_a_list_where_the_order_does_not_count():
    assert sorted(id_list({"a", "b"}, "exclude", ordered=False)) == ["a", "b"]
    with pytest.raises(InputError, match="users must be a list of ids in their order: a set has"):
        id_list({"a", "b"}, "users")


@pytest.mark.parametrize(
    "wrong,said",
    [
        ("12", "must be a list of ids: got '12', which is one: write \\['12'\\]"),
        (b"12", "got b'12', which is one"),
        (np.str_("12"), "which is one"),
        (12, "must be a list of ids: got 12"),
        (None, "got None"),
        (np.array("12"), "must be a list of ids"),
        ({"a": 1}, "got a dict; give one of its columns, or its keys"),
        (pd.DataFrame({"user": ["a"]}), "got a DataFrame; give one of its columns"),
        ([["a"]], "got \\['a'\\], a list, at place 0"),
        (["a", ("b", "c")], "a tuple, at place 1"),
        (np.array([["a"]]), "a ndarray, at place 0"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(wrong, said):
    with pytest.raises(InputError, match=f"^exclude must be a list of ids.*{said}|{said}"):
        id_list(wrong, "exclude", ordered=False)


@pytest.mark.parametrize("made", LISTS.values(), ids=LISTS)
def test_lists_of_any_list(made):
    assert id_lists([made(["a", "b"]), made([])], "histories") == [["a", "b"], []]


def test_lists_in_any_list():
    lists = [["a", "b"], ["c"]]
    assert id_lists(pd.Series(lists), "histories") == lists
    assert id_lists(iter(lists), "histories") == lists
    assert id_lists(np.array([["a", "b"], ["c", ""]]), "histories") == [["a", "b"], ["c", ""]]


@pytest.mark.parametrize(
    "wrong,said",
    [
        ("12", "histories must be a list of lists of ids: got '12'"),
        (["12"], "histories must be a list of lists, one for each answer: got '12' at place 0"),
        ([["a"], 7], "got 7 at place 1"),
        ([["a"], None], "got None at place 1"),
        ([[["a"]]], r"histories\[0\] must be a list of ids"),
        ([{"a", "b"}], r"histories\[0\] must be a list of ids in their order"),
        ({"u": ["a"]}, "got a dict"),
        (pd.DataFrame({"u": [["a"]]}), "got a DataFrame"),
    ],
)
def test_what_is_no_list_of_lists_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        id_lists(wrong, "histories")


def test_an_empty_text_has_no_factor():
    # An export cannot tell it from a place that is not filled.
    assert id_factors({"a": 2, " ": 3}, "boost") == {"a": 2.0, " ": 3.0}
    with pytest.raises(InputError, match="boost: an empty text is no id: leave it out"):
        id_factors({"a": 2, "": 2}, "boost")
