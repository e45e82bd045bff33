import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions
from kerasrec.errors import InputError


def labels(cells, **options):
    frame = pd.DataFrame({"user": ["u", "v", "w"], "item": ["a", "b", "c"], "y": cells})
    return Impressions.from_frame(frame, labels={"y": options}).labels["y"].tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0, 1], [1, 0, 1]),
        ([True, False, True], [1, 0, 1]),
        (["1", "0", "1"], [1, 0, 1]),
        (pd.array([1, 0, 1], "Int8"), [1, 0, 1]),
        (pd.Categorical([1, 0, 1]), [1, 0, 1]),
    ],
)
def test_zeros_and_ones_in_any_spelling(values, expected):
    assert labels(values) == expected


@pytest.mark.parametrize(
    "values",
    [[1, np.nan, 0], ["1", "", "0"], ["1", None, "0"], [1, pd.NA, 0], ["1", "  ", "0"]],
)
def test_an_empty_cell_is_a_missing_label(values):
    found = labels(values)
    assert found[0] == 1 and np.isnan(found[1]) and found[2] == 0


def test_words_are_mapped():
    assert labels(["<=50K", ">50K", ">50K"], values={"<=50K": 0, ">50K": 1}) == [0, 1, 1]
    # In a mapping of Python, keys may be numbers; a column of them is compared as text.
    assert labels([1, 2, 1], values={1: 0, 2: 1}) == [0, 1, 0]
    assert np.isnan(labels(["no", None, "yes"], values={"no": 0, "yes": 1})[1])


def test_kinds_other_than_binary():
    assert labels([0, 3, 2.5], kind="count") == [0, 3, 2.5]
    assert labels([0, 30.5, 7], kind="seconds") == [0, 30.5, 7]
    assert labels([-1, 0.5, 4], kind="rating") == [-1, 0.5, 4]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1, 0, 2], {}, "2 is no label of kind binary: expected 0 or 1"),
        ([1, 0, 0.5], {}, "0.5 is no label of kind binary: expected 0 or 1"),
        ([1, 0, -3], {"kind": "count"}, "-3 is no label of kind count: expected a number from 0"),
        ([1, 0, -0.5], {"kind": "seconds"}, "-0.5 is no label of kind seconds"),
        ([1, 0, np.inf], {"kind": "rating"}, "inf is not a finite number"),
        ([1, 0, 1e39], {"kind": "rating"}, "is not a finite number"),
        (["yes", "no", "no"], {}, "'yes' is not a finite number"),
        (["yes", "no", "perhaps"], {"values": {"yes": 1, "no": 0}}, "'perhaps' is not one of yes"),
        (["yes", "no", "no"], {"values": {"yes": 2, "no": 0}}, "'yes' is no label of kind binary"),
        (["yes", "no", "no"], {"values": {"yes": "1", "no": 0}}, "y.*values: expected a number"),
        (["yes", "no", "no"], {"kind": "watch"}, "kind must be one of binary, count, seconds"),
        (["yes", "no", "no"], {"sort": "binary"}, "unknown option 'sort'; there are kind, column"),
        (pd.to_datetime(["2020-01-01"] * 3), {}, "is not a finite number"),
    ],
)  # fmt: skip
def test_what_is_no_label_of_the_kind_is_refused(values, options, message):
    with pytest.raises(InputError, match=message):
        labels(values, **options)


def test_a_row_with_a_bad_label_can_be_dropped():
    frame = pd.DataFrame({"user": ["u", "v", "w"], "item": ["a", "b", "c"], "click": [1, 7, 0]})
    data = Impressions.from_frame(frame, on_error="drop")
    assert data.labels["click"].tolist() == [1, 0]
    assert data.report.dropped == {"click out of range": 1}


def test_at_least_one_label_is_given():
    frame = pd.DataFrame({"user": ["u"], "item": ["a"], "click": [1]})
    with pytest.raises(InputError, match="labels: give at least one"):
        Impressions.from_frame(frame, labels={})
    with pytest.raises(InputError, match="Label name 'score' is an output of every export"):
        Impressions.from_frame(frame, labels={"score": {"column": "click"}})


@pytest.mark.parametrize("cells", [[1, 2, 1], [1.0, 2.0, 1.0], ["1", "2", "1"], ["1.0", "2", "1"]])
@pytest.mark.parametrize("one", [1, 1.0, "1", "1.0"])
def test_a_whole_number_of_values_is_found_however_it_is_written(cells, one):
    assert labels(cells, values={one: 0, type(one)(2): 1}) == [0, 1, 0]


@pytest.mark.parametrize("word", ["01", "1e0", " 1", "inf", "nan", True])
def test_other_texts_stand_for_themselves_alone(word):
    with pytest.raises(InputError, match="1 is not one of"):
        labels([1, 2, 2], values={word: 0, 2: 1})


def test_a_value_stands_once_in_values():
    with pytest.raises(InputError, match="Label 'y', values: 1 is given twice"):
        labels([1, 2, 1], values={1: 0, "1": 1})


def test_the_values_are_named_as_they_were_given():
    with pytest.raises(InputError, match=r"3 is not one of 1\.0, 2"):
        labels([1, 2, 3], values={1.0: 0, 2: 1})
