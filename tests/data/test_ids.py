import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pyarrow
import pytest

from kerasrec.data import Vocabulary
from kerasrec.data.ids import as_integers, factorize, read_ids
from kerasrec.errors import InputError


def test_values_of_one_text_are_one_id():
    codes, texts = factorize(np.array([7, "7", None, 7.0, "x"], dtype=object))
    assert codes.tolist() == [0, 0, -1, 0, 1]
    assert texts.tolist() == ["7", "x"]


@pytest.mark.parametrize(
    "values",
    [
        np.array([4, 7, np.nan], "float16"),
        np.array([4, 7, np.nan], "float32"),
        pd.Series([4, 7, None], dtype="Float32"),
        pd.Series([4, 7, None], dtype="float[pyarrow]"),
        pd.Series(pd.arrays.ArrowExtensionArray(pyarrow.array([4.0, 7.0, float("nan")]))),
        pd.Series([4, 7, None], dtype="Int64"),
        pd.Series([4, 7, None], dtype="int64[pyarrow]"),
        pd.Series(pd.Categorical(np.array([4, 7, np.nan], "float32"))),
        pd.Series(pd.arrays.SparseArray([4.0, 7.0, np.nan])),
        pd.Series([decimal.Decimal("4.00"), decimal.Decimal(7), None]),
        pd.Series(
            [decimal.Decimal("4.00"), 7, None], dtype=pd.ArrowDtype(pyarrow.decimal128(9, 2))
        ),
        [b"4", "7", pd.NA],
        [np.float32(4), np.int8(7), pd.NaT],
        [4, 7, decimal.Decimal("NaN")],
    ],
    ids=lambda values: str(getattr(values, "dtype", "list")),
)
def test_one_integer_is_one_id_whatever_holds_it(values):
    codes, texts, faults = read_ids(values, strict=True)
    assert (codes.tolist(), texts.tolist(), faults) == ([0, 1, -1], ["4", "7"], {})


@pytest.mark.parametrize(
    ("make", "bound"),
    [
        (lambda n: np.array([n], "float16"), 2**11),
        (lambda n: np.array([n], "float32"), 2**24),
        (lambda n: np.array([n], "float64"), 2**53),
        (lambda n: np.array([np.float32(n)], dtype=object), 2**24),
        (lambda n: np.array([float(n)], dtype=object), 2**53),
        (lambda n: pd.Series([n], dtype="Float32"), 2**24),
        (lambda n: pd.Series(np.array([n], "float32"), dtype="float[pyarrow]"), 2**24),
        (lambda n: pd.Series(pd.Categorical(np.array([n], "float32"))), 2**24),
    ],
)
def test_the_bound_is_where_neighbours_become_one_float(make, bound):
    # The first integer without a float of its own is bound + 1, which is read as bound.
    assert make(bound + 1)[0] == make(bound)[0]
    for number in (bound - 1, 1 - bound):
        assert factorize(make(number))[1].tolist() == [str(number)]
        assert Vocabulary([str(number)]).rows(make(number)).tolist() == [2]
    for number in (bound, -bound):
        with pytest.raises(InputError, match=f"{number}.0 is no id: as float.* below {bound:,}"):
            Vocabulary(["a"]).rows(make(number))


def test_large_whole_numbers_that_are_exact_are_ids():
    large = [2**60 + 1, str(2**60 + 2), decimal.Decimal(2**60 + 3)]
    assert factorize(large)[1].tolist() == [str(2**60 + 1), str(2**60 + 2), str(2**60 + 3)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.5, "fractional"),
        (np.float32(0.5), "fractional"),
        (np.inf, "fractional"),
        (decimal.Decimal("1.5"), "fractional"),
        (datetime.date(2024, 1, 1), "strange"),
        (pd.Timestamp("2024-01-01"), "strange"),
        (1 + 2j, "strange"),
        (("a", 1), "strange"),
        ({"a": 1}, "strange"),
        (2.0**53, "rounded"),
        (b"\xff", "undecodable"),
        (b"a\x00b", "undecodable"),
        ("a\udc80", "undecodable"),
    ],
)
def test_what_is_no_id(value, reason):
    values = np.empty(2, dtype=object)
    values[:] = ["a", "b"]
    values[1] = value
    codes, texts, faults = read_ids(values, strict=True)
    assert codes.tolist() == [0, 1] and texts[0] == "a"
    assert [fault[0] for fault, _ in faults.values()] == [reason] and list(faults) == [1]


def test_where_a_fraction_is_a_category_it_has_a_text():
    assert factorize([1.5, np.float32(0.1), "1.5"])[1].tolist() == ["1.5", "0.1"]
    # As an id it is at fault, and the text beside it is not.
    codes, texts, faults = read_ids(np.array([1.5, "1.5"], dtype=object), strict=True)
    assert codes.tolist() == [0, 1] and texts[1] == "1.5" and list(faults) == [0]


def test_uuids_and_bytes_are_text():
    one = uuid.UUID(int=5)
    assert factorize([one, "é".encode()])[1].tolist() == [str(one), "é"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["4.0", "7", "-3.0", "-0.0"], ["4", "7", "-3", "0"]),
        (["4.0", "nan", " "], ["4", "nan", " "]),
        (["1.6777215e+07", "4.0"], ["16777215", "4"]),
        (["4.0", "4.5"], None),
        (["4.0", "04"], None),
        (["4.0", "a"], None),
        (["4.00", "5.00"], None),
        (["1e+1", "5.0"], None),
        (["4", "7"], None),
    ],
)
def test_a_text_file_of_whole_numbers_holds_integers(texts, expected):
    texts = np.array(texts, dtype=object)
    codes, found, faults, changed = as_integers(np.arange(len(texts)), texts)
    assert not faults and codes.tolist() == list(range(len(texts)))
    assert found.tolist() == (texts.tolist() if expected is None else expected)
    assert changed.tolist() == (found != texts).tolist()


def test_one_integer_in_two_ways_is_one_id():
    codes, found, _, changed = as_integers(
        np.array([0, 1, -1, 0]), np.array(["4.0", "4"], dtype=object)
    )
    assert codes.tolist() == [0, 0, -1, 0] and found.tolist() == ["4"]
    assert changed.tolist() == [True, False, False, True]


@pytest.mark.parametrize("text", ["9007199254740992.0", "1e+16", "1.6777216e+07", "-1e+18"])
def test_a_text_file_of_floats_that_lost_their_last_digits(text):
    _, _, faults, _ = as_integers(np.array([0, 1]), np.array(["4.0", text], dtype=object))
    assert [reason for reason, _ in faults.values()] == ["rounded"] and list(faults) == [1]
