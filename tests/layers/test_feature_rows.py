import numpy as np
import pytest

from kerasrec.layers.feature_rows import feature_rows

TITLE = {"name": "title", "kind": "text", "size": 6, "length": 3}
IMAGE = {"name": "image", "kind": "vector", "size": 2, "length": 1}
YEAR = {"name": "year", "kind": "number", "size": 1, "length": 1}


def test_worked_by_hand():
    columns = {
        "title": np.array([[2, 2, 3], [2, 3, 0], [2, 4, 0], [0, 0, 0]]),
        "image": np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 5.0], [0.0, 0.0]]),
        "year": np.array([1.0, -1.0, 0.0, 0.0]),
    }
    rows, weights = feature_rows([TITLE, YEAR, IMAGE], columns)
    two, three = 1 + np.log(5 / 4), 1 + np.log(5 / 3)  # of 4 items 3 and 2 have the word
    np.testing.assert_allclose(weights["title"], [0, 0, two, three, 0, 0])
    assert weights["image"] == pytest.approx(1 / 5)
    long, short = np.hypot(np.hypot(two, two), three), np.hypot(two, three)
    expected = [
        [0, 0, 2 * two / long, three / long, 0, 0, 1, 0.6, 0.8],
        [0, 0, two / short, three / short, 0, 0, -1, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0, 1],  # a word of a single item has weight 0
        [0] * 9,
    ]
    np.testing.assert_allclose(rows.toarray(), expected, atol=1e-6)


def test_vectors_of_zeros_are_left_alone():
    rows, weights = feature_rows([IMAGE], {"image": np.zeros((2, 2))})
    assert not rows.toarray().any() and weights["image"] == 1.0
