import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import CategoryCaps

ROWS = np.array([[2, 3, 4, 5, 6], [7, 8, 9, 0, 0]], "int32")
SCORES = np.array([[5, 4, 3, 2, 1], [3, 2, 1, -np.inf, -np.inf]], "float32")
BRAND = np.array([[2, 2, 2, 3, 0], [4, 4, 4, 0, 0]], "int32")
GENRES = np.array(
    [[[2, 3], [4, 0], [5, 0], [3, 0], [0, 0]], [[2, 0], [3, 0], [4, 0], [0, 0], [0, 0]]], "int32"
)


def test_layer_contract(check_layer):
    check_layer(
        CategoryCaps,
        {"k": 3, "max_per": [2, 1]},
        {"rows": ROWS, "scores": SCORES, "groups": [BRAND, GENRES]},
    )


def test_one_of_each_brand_by_hand():
    found = CategoryCaps(4, max_per=[1])(ROWS, SCORES, groups=[BRAND])
    # Items without a brand are not limited. Of the second query one item is left.
    assert np.array(found["rows"]).tolist() == [[2, 5, 6, 0], [7, 0, 0, 0]]
    assert np.array(found["scores"]).tolist() == [[5, 2, 1, -np.inf], [3] + [-np.inf] * 3]


def test_an_item_counts_for_each_of_its_values():
    # Row 5 has genre 3, which row 2 has too.
    found = CategoryCaps(5, max_per=[1])(ROWS, SCORES, groups=[GENRES])
    assert np.array(found["rows"])[0].tolist() == [2, 3, 4, 6, 0]


def test_two_categories_together():
    # Brand 2 is full after 2 and 3; genre 3 after 2.
    found = CategoryCaps(5, max_per=[2, 1])(ROWS, SCORES, groups=[BRAND, GENRES])
    assert np.array(found["rows"])[0].tolist() == [2, 3, 6, 0, 0]


def test_no_caps_is_the_order_of_the_scores():
    found = CategoryCaps(2)(ROWS[:, ::-1], SCORES[:, ::-1])
    assert np.array(found["rows"]).tolist() == [[2, 3], [7, 8]]


def test_an_unknown_value_is_not_limited():
    found = CategoryCaps(3, max_per=[1])(ROWS[:1], SCORES[:1], groups=[np.ones((1, 5), "int32")])
    assert np.array(found["rows"]).tolist() == [[2, 3, 4]]


def test_wrong_arguments():
    with pytest.raises(InputError, match="each of max_per must be a whole number"):
        CategoryCaps(3, max_per=[1.5])
