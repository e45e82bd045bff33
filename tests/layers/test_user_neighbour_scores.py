import keras
import numpy as np
import pytest

from kerasrec.layers.user_neighbour_scores import UserNeighbourScores


@pytest.fixture
def layer():
    """User 2 has the neighbours 3 (weight .5) and 4 (.25), user 3 has 4; places: 2."""
    layer = UserNeighbourScores(5, 6, num_neighbours=2, length=2, name="scores")
    users, items = [2, 3, 4, 4, 4], [3, 3, 2, 3, 4]
    layer.assign(
        [[0, 0], [0, 0], [3, 4], [4, 0], [0, 0]],
        [[0, 0], [0, 0], [0.5, 0.25], [0.75, 0], [0, 0]],
        (users, items),
        [0, 0, 1, 3, 1, 0],
    )
    return layer


def test_sums_over_neighbours_and_survives_a_reload(layer, tmp_path):
    user = keras.Input((), dtype="int32")
    model = keras.Model(user, layer(user))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    # Of user 4 the last two of three items are kept.
    np.testing.assert_allclose(
        again(np.array([2, 3, 4, 0])),
        # Users 4 and 0 have no neighbours: log(1 + count).
        [[0, 0, 0, 0.75, 0.25, 0], [0, 0, 0, 0.75, 0.75, 0], *[np.log([1, 1, 2, 4, 2, 1])] * 2],
        rtol=1e-6,
    )


def test_contributions_divide_a_weight_by_the_shared_items(layer):
    # For item 4 of user 2 neighbour 4 counts, who shares items 3 and 4 with this history.
    parts = layer.contributions(2, np.array([3, 4, 5]), np.array([4, 3, 2]))
    both = [0.5 + 0.125, 0.125, 0]
    np.testing.assert_allclose(parts, [[0.125, 0.125, 0], both, [0, 0, 0]])
