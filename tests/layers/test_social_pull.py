import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import SocialPull

# Users: known with two friends, without friends, new with one friend, padding, new without.
VECTOR = np.array([[1, 2], [3, 4], [5, 6], [7, 8], [9, 9]], "float32")
FRIENDS = np.array([[5, 6], [0, 0], [7, 0], [0, 0], [0, 0]])
FRIEND_VECTORS = np.array(
    [[[1, 0], [3, 0]], [[8, 8], [8, 8]], [[2, 1], [8, 8]], [[8, 8], [8, 8]], [[8, 8], [8, 8]]],
    "float32",
)
INPUTS = {
    "vector": VECTOR,
    "friend_vectors": FRIEND_VECTORS,
    "friends": FRIENDS,
    "user": np.array([2, 3, 4, 0, 8]),
    "count": np.array([4, 5, 0, 0, 0], "float32"),
}


def test_loss_and_output_by_hand():
    layer = SocialPull(beta=3.0)
    out = layer(**INPUTS)
    np.testing.assert_array_equal(out, [[1, 2], [3, 4], [2, 1], [7, 8], [9, 9]])
    # |(1, 2) - (2, 0)|^2 = 5, of four users.
    assert float(layer.losses[0]) == pytest.approx(3 * 5 / 4)


def test_without_weight_no_loss():
    layer = SocialPull(beta=0.0)
    layer(**INPUTS)
    assert layer.losses == []


def test_an_empty_batch_and_no_friends_are_finite():
    layer = SocialPull()
    out = layer(**{**INPUTS, "user": np.zeros(5, int), "friends": np.zeros((5, 2), int)})
    np.testing.assert_array_equal(out, VECTOR)
    assert float(layer.losses[0]) == 0.0


def test_layer_contract(check_layer):
    check_layer(SocialPull, {"beta": 0.5}, INPUTS)
    with pytest.raises(InputError, match="beta: expected a weight of at least 0, received -1"):
        SocialPull(-1)
