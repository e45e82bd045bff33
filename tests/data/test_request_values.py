import datetime

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.request_values import check_values

NAN = float("nan")
FIT = {
    "category": ["9", 9, 9.5, True, np.int64(9)],
    "text": ["red", 7],
    "categories": ["a|b", ["a", 1], ("a",), {"a"}, np.array(["a"]), 7, []],
    "number": [9, 9.5, np.float32(9), np.int8(9), 1e300],  # its size is checked by who reads it
    "vector": [[1, 2.5], (1, 2), np.zeros(2)],
    "time": [1_700_000_000, 1.5, "2024-01-01", datetime.datetime(2024, 1, 1), -5],
}
UNFIT = {
    "category": [["9"], ("9",), {"9": 1}, np.array(["9"]), b"9"],
    "text": [["red"], {"red": 1}, b"red"],
    "categories": [[["a"]], {"a": 1}, b"a", ["a", {"b": 1}]],
    "number": ["9", True, np.True_, [9], {"a": 9}, b"9"],
    "vector": [["1", 2], [True, 2], np.array(["1"]), {"a": 1}, b"12"],
    "time": [True, np.False_, b"2024", {"a": 1}],
}
PAIRS = [(kind, value) for kind, values in FIT.items() for value in values]
WRONG = [(kind, value) for kind, values in UNFIT.items() for value in values]


class Refused(Exception):
    pass


def refuse(position, problem):
    raise Refused(f"{position}: {problem}")


@pytest.mark.parametrize("kind, value", PAIRS, ids=repr)
def test_what_fits(kind, value):
    check_values([value], kind, refuse)


@pytest.mark.parametrize("kind", FIT)
def test_a_missing_value_fits_all(kind):
    check_values([None, NAN, "", "  ", pd.NA, pd.NaT], kind, refuse)


@pytest.mark.parametrize("kind, value", WRONG, ids=repr)
def test_what_does_not_fit(kind, value):
    with pytest.raises(Refused, match="^1: expected .* got "):
        check_values([None, value], kind, refuse)


def test_numbers_of_a_text_file_are_texts():
    check_values(["9.5", 3], "number", refuse, written=True)
    check_values([["9.5", 3]], "vector", refuse, written=True)
    with pytest.raises(Refused, match="0: expected a number, got True"):
        check_values([True], "number", refuse, written=True)
