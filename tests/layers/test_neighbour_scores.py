import keras
import numpy as np

from kerasrec.layers.neighbour_scores import NeighbourScores

# Item 2 -> 3 (.5), 4 (-1); item 3 -> 2 (.25); items 0, 1 and 4 -> nothing.
NEIGHBOURS = [[0, 0], [0, 0], [3, 4], [2, 0], [0, 0]]
WEIGHT = [[0, 0], [0, 0], [0.5, -1.0], [0.25, 0], [0, 0]]


def test_sums_over_the_history_and_survives_a_reload(tmp_path):
    history = keras.Input((None,), dtype="int32")
    layer = NeighbourScores(5, num_neighbours=2, name="scores")
    model = keras.Model(history, layer(history))
    layer.assign(NEIGHBOURS, WEIGHT)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found = again(np.array([[2, 3, 0], [0, 2, 2], [4, 1, 0]]))
    np.testing.assert_allclose(
        found, [[0, 0, 0.25, 0.5, -1], [0, 0, 0, 1, -2], [0, 0, 0, 0, 0]], atol=1e-7
    )


def test_contributions_are_the_weights_of_the_history():
    layer = NeighbourScores(5, 2)
    layer.assign(NEIGHBOURS, WEIGHT)
    parts = layer.contributions(np.array([2, 2, 3, 0]), np.array([2, 3, 4]), np.array([4, 2]))
    np.testing.assert_allclose(parts, [[-2, 0, 0], [0, 0.25, 0]])
