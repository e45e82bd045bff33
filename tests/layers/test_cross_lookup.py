import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import CrossLookup, known_pairs

# Pairs (2, 3) three times, (4, 9) and (1, 1) twice, (4, 2) once; the others have a padding.
FIRST = [4, 2, 1, 2, 4, 1, 2, 0, 3, 4]
SECOND = [9, 3, 1, 3, 9, 1, 3, 5, 0, 2]


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_known_pairs_by_hand():
    for min_count, expected in (
        (1, [[1, 2, 4, 4], [1, 3, 2, 9]]),
        (2, [[1, 2, 4], [1, 3, 9]]),
        (3, [[2], [3]]),
        (4, [[], []]),
    ):
        found = known_pairs(FIRST, SECOND, min_count)
        assert [one.tolist() for one in found] == expected
        assert all(one.dtype == np.int32 for one in found)


def test_rows_by_hand():
    cross = CrossLookup(6, num_pairs=7)
    cross.assign(*known_pairs(FIRST, SECOND, min_count=2))
    asked = {
        (1, 1): 2,
        (2, 3): 3,
        (4, 9): 4,
        (4, 2): 1,  # too rare
        (3, 3): 1,  # a first value without pairs, and one after the last
        (5, 1): 1,
        (2, 9): 1,  # a second value of another first one
        (0, 1): 0,
        (1, 0): 0,
        (6, 1): 1,  # outside of the column
        (-1, 1): 1,
        (2, 2**31 - 1): 1,
    }
    found = cross(*np.array(list(asked), "int32").T)
    assert numbers(found).tolist() == list(asked.values())
    assert keras.backend.standardize_dtype(found.dtype) == "int32"


@pytest.mark.parametrize("num_pairs", [1, 2, 3, 4, 63, 64, 65, 500])
def test_every_pair_is_found_as_by_a_dict(num_pairs):
    random = np.random.default_rng(num_pairs)
    pairs = {(int(a), int(b)) for a, b in random.integers(1, 25, (4 * num_pairs, 2))}
    # One first value has nearly all of the pairs, which takes the most steps.
    pairs = sorted({(7 if a % 4 else a, b) for a, b in pairs})[:num_pairs]
    cross = CrossLookup(25, num_pairs)
    cross.assign(*np.array(pairs).T)
    first, second = (one.ravel() for one in np.mgrid[:25, :26])
    row = {pair: n + 2 for n, pair in enumerate(pairs)}
    expected = [row.get(pair, 1) if all(pair) else 0 for pair in zip(first, second, strict=True)]
    assert numbers(cross(first, second)).tolist() == expected


def test_values_up_to_the_largest_int32():
    most = 2**31 - 1
    cross = CrossLookup(3, 4)
    cross.assign(*known_pairs([2, 2, 1, 2], [most, 1, most, most - 1], 1))
    found = cross(np.array([1, 2, 2, 2], "int32"), np.array([most, 1, most - 1, most], "int32"))
    assert numbers(found).tolist() == [2, 3, 4, 5]


def test_no_pair_is_known_before_assign():
    assert numbers(CrossLookup(3, 2)(np.array([1, 2, 0]), np.array([1, 1, 1]))).tolist() == [
        1,
        1,
        0,
    ]


def test_three_columns_are_a_cross_of_a_cross():
    a, b, c = [2, 2, 3, 2], [4, 4, 4, 5], [6, 7, 6, 6]
    two = CrossLookup(4, 10)
    two.assign(*known_pairs(a, b, 1))
    rows = numbers(two(np.array(a), np.array(b)))
    three = CrossLookup(12, 10)
    three.assign(*known_pairs(rows, c, 1))
    # The triples in sorted order: (2, 4, 6), (2, 4, 7), (2, 5, 6), (3, 4, 6).
    assert numbers(three(rows, np.array(c))).tolist() == [2, 3, 5, 4]


def test_bad_pairs():
    cross = CrossLookup(4, 2)
    with pytest.raises(InputError, match="there are 3 pairs, and num_pairs is 2"):
        cross.assign([1, 2, 3], [1, 1, 1])
    for first, second in (([2, 1], [1, 1]), ([1, 1], [2, 1]), ([1, 1], [1, 1])):
        with pytest.raises(InputError, match="must be sorted"):
            cross.assign(first, second)
    with pytest.raises(InputError, match="first: expected values from 1 to 3, received 4 to 4"):
        cross.assign([4], [1])
    with pytest.raises(InputError, match="second: expected values from 1, received 0"):
        cross.assign([1], [0])
    with pytest.raises(InputError, match="two columns of one length"):
        cross.assign([1], [1, 2])
    with pytest.raises(InputError, match="must be whole numbers, received float64 and int"):
        known_pairs([1.5], [1], 1)
    with pytest.raises(InputError, match="min_count must be a whole number of at least 1: got 0"):
        known_pairs([1], [1], 0)
    with pytest.raises(InputError, match="num_pairs must be a whole number"):
        CrossLookup(4, 0)


def test_contract(check_layer):
    inputs = {"first": np.array([1, 0], "int32"), "second": np.array([1, 2], "int32")}
    check_layer(CrossLookup, {"num_first": 4, "num_pairs": 3}, inputs)


def test_it_survives_saving(tmp_path):
    cross = CrossLookup(6, num_pairs=7)
    cross.assign(*known_pairs(FIRST, SECOND, min_count=2))
    one, other = (keras.Input((), dtype="int32", name=name) for name in ("one", "other"))
    model = keras.Model([one, other], cross(one, other))
    model.save(tmp_path / "model.keras")
    columns = [np.array(FIRST, "int32"), np.array(SECOND, "int32")]
    found = numbers(keras.models.load_model(tmp_path / "model.keras")(columns))
    assert found.tolist() == [4, 3, 2, 3, 4, 2, 3, 0, 0, 1]
