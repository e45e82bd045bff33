import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.greedy_list import greedy_list

ROWS = np.array([[5, 6, 7, 0]])
SCORES = np.array([[0.9, 0.8, 0.7, -np.inf]])


def test_values_after_the_last_choice_decide():
    seen = []

    def value_after(last):
        seen.append(None if last is None else np.array(last).tolist())
        return SCORES if last is None else -SCORES

    found = greedy_list(ROWS, SCORES, 2, value_after)
    # First the largest score; then minus the score is the largest for row 7: padding is not free.
    assert np.array(found["rows"]).tolist() == [[5, 7]]
    assert np.array(found["scores"])[0] == pytest.approx([0.9, 0.7])
    assert np.array(found["places"]).tolist() == [[0, 2]]
    assert seen == [None, [[True, False, False, False]]]


def test_padding_where_none_is_left():
    found = greedy_list(ROWS, SCORES, 5, lambda last: SCORES)
    assert np.array(found["rows"]).tolist() == [[5, 6, 7, 0, 0]]
    assert np.array(found["scores"])[0, 3:].tolist() == [-np.inf] * 2


def test_of_equal_values_the_first():
    found = greedy_list(ROWS, SCORES, 2, lambda last: np.zeros_like(SCORES))
    assert np.array(found["rows"]).tolist() == [[5, 6]]


def test_groups_must_fit_max_per():
    with pytest.raises(InputError, match="groups: expected 1, one for each of max_per"):
        greedy_list(ROWS, SCORES, 2, lambda last: SCORES, [2], [])
