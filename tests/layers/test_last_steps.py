"""LastSteps."""

import numpy as np
import pytest

from kerasrec.data.histories import Histories
from kerasrec.errors import InputError
from kerasrec.layers import LastSteps


def test_layer_contract(check_layer):
    history = np.array([[5, 6, 7, 8], [9, 0, 0, 0], [0, 0, 0, 0]], "int32")
    values = np.array([[0.5, 0, 1, 2], [-1, 0, 0, 0], [0, 0, 0, 0]], "float32")
    check_layer(LastSteps, {"length": 3}, {"values": values, "history": history})


@pytest.mark.parametrize("length", [1, 3, 6, 9])
def test_what_is_kept_is_what_a_shorter_padding_has(length):
    rng = np.random.default_rng(0)
    lists = Histories.from_pairs(rng.integers(0, 8, 30), rng.integers(2, 99, 30), num_keys=9)
    times = rng.random(30).astype("float32")
    history = lists.padded(6)
    for column in (None, times):
        found = np.array(LastSteps(length)(lists.padded(6, column), history))
        np.testing.assert_array_equal(found, lists.padded(min(length, 6), column))


def test_a_length_below_one_is_refused():
    with pytest.raises(InputError, match="length: expected a whole number from 1, received 0"):
        LastSteps(0)
