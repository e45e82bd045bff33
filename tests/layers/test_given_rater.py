import numpy as np
import pytest

from kerasrec.layers.given_rater import _is_last, given_rater
from kerasrec.layers.stored_histories import StoredHistories


@pytest.fixture(scope="module")
def stored():
    """Users 2 and 3 rated item 2 with 5 and 4; user 2 rated item 3 with 1."""
    stored = StoredHistories(5, length=3)
    stored.build()
    stored.assign(keys=[2, 2, 3], rows=[2, 3, 2], values=[5.0, 4.0, 1.0])
    return stored


def asked(stored, history, value, damping):
    history, value = np.array([history], "int32"), np.array([value], "float32")
    levels = 3.0, np.array([0, 0, 0.5, -0.5, 0], "float32")
    found = given_rater(history, value, stored, 4, *levels, "msd", 0.0, damping)
    return [np.array(each)[0] for each in found]


def test_by_hand(stored):
    near, level = asked(stored, [2, 3, 0], [4.0, 1.0, float("nan")], 2.0)
    # User 2 differs by 1 and 0, user 3 by 0; the third place is padding.
    assert near.tolist() == pytest.approx([0, 0, 1 / (1 + 1 / 2), 1])
    assert level == pytest.approx(((4 - 3 - 0.5) + (1 - 3 + 0.5)) / (2 + 2))
    assert asked(stored, [2, 3], [4.0, 1.0], None)[1] == 0


def test_the_last_rating_of_an_item_counts_and_what_is_no_rating_does_not(stored):
    right = asked(stored, [2, 3], [4.0, 1.0], 0.0)
    nan = float("nan")
    for history, value in (
        ([2, 3, 2], [1.0, 1.0, 4.0]),
        ([2, 3, 2, 4], [4.0, 1.0, nan, nan]),
        ([3, 3, 3, 2], [5.0, nan, 1.0, 4.0]),
    ):
        for one, other in zip(asked(stored, history, value, 0.0), right, strict=True):
            np.testing.assert_allclose(one, other)
    near, level = asked(stored, [2], [nan], 0.0)
    assert not near.any() and level == 0


def test_the_last_of_several_ratings_counts_however_large_the_catalog():
    largest = 2**31 - 1
    history = np.array([[2, largest, 2, 0], [largest, largest, 7, 7]], "int32")
    value = np.array([[1, 2, 3, np.nan], [1, 2, 3, np.nan]], "float32")
    expected = [[False, True, True, False], [False, True, True, False]]
    assert np.asarray(_is_last(history, value)).tolist() == expected
