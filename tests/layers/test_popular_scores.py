"""PopularScores."""

import numpy as np

from kerasrec.layers import PopularScores


def test_an_empty_history_is_answered_by_the_counts():
    layer = PopularScores(3)
    layer.assign(np.array([0, 4, 99]))
    scores = np.arange(6, dtype="float32").reshape(2, 3)
    found = np.array(layer(scores, np.array([[0, 0], [0, 2]])))
    np.testing.assert_allclose(found, [np.log([1, 5, 100]), scores[1]], rtol=1e-6)
