import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import PinnedItems

ROWS = np.array([[2, 3, 4, 5], [6, 7, 0, 0]], "int32")
SCORES = np.array([[0.9, 0.8, 0.7, 0.6], [0.5, 0.4, -np.inf, -np.inf]], "float32")
PINNED = np.array([[20, 30], [20, 30]], "int32")
THEIRS = np.array([[0.2, 0.3], [0.2, 0.3]], "float32")


def test_layer_contract(check_layer):
    inputs = {"rows": ROWS, "scores": SCORES, "pinned": PINNED, "pinned_scores": THEIRS}
    check_layer(PinnedItems, {"positions": [3, 1]}, inputs)


@pytest.mark.parametrize(
    "positions,expected",
    [
        ([1, 2], [[20, 30, 2, 3], [20, 30, 6, 7]]),
        ([3, 1], [[30, 2, 20, 3], [30, 6, 20, 7]]),
        # The second list has two items: 30 follows them.
        ([1, 4], [[20, 2, 3, 30], [20, 6, 7, 30]]),
        # Behind the end of the first list; the second one has room.
        ([9, 7], [[2, 3, 4, 5], [6, 7, 30, 20]]),
    ],
)
def test_by_hand(positions, expected):
    found = PinnedItems(positions)(ROWS, SCORES, PINNED, THEIRS)
    assert np.array(found["rows"]).tolist() == expected
    scores = np.array(found["scores"])
    own = dict(zip(ROWS.ravel().tolist(), SCORES.ravel().tolist(), strict=True))
    own |= dict(zip(PINNED[0].tolist(), THEIRS[0].tolist(), strict=True))
    assert scores.tolist() == [[own[row] for row in each] for each in expected]


def test_a_query_without_a_pinned_item():
    found = PinnedItems([1, 3])(ROWS, SCORES, np.array([[0, 30], [0, 0]]), THEIRS)
    assert np.array(found["rows"]).tolist() == [[2, 3, 30, 4], [6, 7, 0, 0]]


def test_wrong_arguments():
    with pytest.raises(InputError, match="each of positions must be a whole number"):
        PinnedItems([0])
    with pytest.raises(InputError, match="positions: expected different ones"):
        PinnedItems([2, 2])
