import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import HistoryProfile

VECTORS = np.array([[[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]], [[7.0, 7.0]] * 3], "float32")
MASK = np.array([[True, True, False], [False] * 3])


def test_layer_contract(check_layer):
    check_layer(HistoryProfile, {"dropout": 0.5, "seed": 1}, {"vectors": VECTORS, "mask": MASK})


def test_worked_by_hand():
    found = HistoryProfile()(VECTORS, MASK).numpy()
    np.testing.assert_allclose(found, [[1 / np.sqrt(3), 2 / np.sqrt(3)], [0, 0]], atol=1e-6)


def test_the_order_does_not_matter():
    turned = HistoryProfile()(VECTORS[:, ::-1], MASK[:, ::-1]).numpy()
    np.testing.assert_allclose(turned, HistoryProfile()(VECTORS, MASK).numpy(), atol=1e-6)


def test_training_drops_the_given_share():
    vectors, mask = np.ones((200, 50, 1), "float32"), np.ones((200, 50), "bool")
    found = HistoryProfile(0.5, seed=3)(vectors, mask, training=True).numpy()
    # n / sqrt(1 + n) of n kept, about 25 of 50.
    kept = np.round((found**2 + np.sqrt(found**4 + 4 * found**2)) / 2)
    np.testing.assert_allclose(kept / np.sqrt(1 + kept), found, atol=1e-4)
    assert kept.mean() == pytest.approx(25, abs=1)
    whole = HistoryProfile(0.5)(vectors, mask).numpy()
    np.testing.assert_allclose(whole, 50 / np.sqrt(51), atol=1e-4)


def test_bad_dropout():
    with pytest.raises(InputError, match="dropout: .* received 1"):
        HistoryProfile(1)
