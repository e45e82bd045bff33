import keras
import numpy as np

from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.layers.table_scores import TableScores


def test_equals_neighbour_scores_and_survives_a_reload(tmp_path):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(7, 7)).astype("float32")
    table[:2] = 0
    history = keras.Input((None,), dtype="int32")
    layer = TableScores(7, name="scores")
    model = keras.Model(history, layer(history))
    layer.assign(table)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    sparse = NeighbourScores(7, 7)
    sparse.assign(np.tile(np.arange(7), (7, 1)), table)
    asked = rng.integers(0, 7, (5, 4))
    np.testing.assert_allclose(again(asked), sparse(asked), atol=1e-5)
    rest = np.array([3, 5, 6]), np.array([2, 6])
    np.testing.assert_allclose(
        layer.contributions(asked[0], *rest), sparse.contributions(asked[0], *rest), atol=1e-6
    )
