import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import ListSample

LISTS = np.array([[2, 3, 4, 5, 6], [7, 8, 0, 0, 0], [0, 0, 0, 0, 0]])


def test_short_lists_are_kept():
    np.testing.assert_array_equal(ListSample(5)(LISTS, training=True), LISTS)
    np.testing.assert_array_equal(ListSample(9)(LISTS), LISTS)


def test_long_lists_are_sampled_in_training_only():
    layer = ListSample(2, seed=0)
    np.testing.assert_array_equal(layer(LISTS), LISTS[:, :2])
    drawn = np.asarray(layer(np.tile(LISTS, (2000, 1, 1)), training=True))
    assert (drawn[:, 1:] == LISTS[1:, :2]).all()
    share = np.bincount(drawn[:, 0].ravel(), minlength=7)[2:] / 4000
    # Each of five is drawn every fifth time; 4,000 draws have a deviation of .0063.
    np.testing.assert_allclose(share, 0.2, atol=0.03)


def test_layer_contract(check_layer):
    check_layer(ListSample, {"length": 3, "seed": 1}, {"rows": LISTS})
    with pytest.raises(InputError, match="length: expected a whole number from 1, received 0"):
        ListSample(0)


def test_same_seed_gives_the_same_samples():
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        draws.append(np.asarray(ListSample(2)(np.tile(LISTS, (9, 1)), training=True)))
    np.testing.assert_array_equal(*draws)
