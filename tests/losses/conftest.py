"""Fixture `check_loss`: the contract of every loss."""

import keras
import numpy as np
import pytest


@pytest.fixture
def check_loss():
    """`check(cls, y, logits, expected)`: one value for each row, worked by hand."""

    def check(cls, y, logits, expected):
        y, logits = np.asarray(y, "float32"), np.asarray(logits, "float32")
        expected = np.asarray(expected)
        np.testing.assert_allclose(cls(reduction=None)(y, logits), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(cls()(y, logits), expected.mean(), rtol=1e-5, atol=1e-6)
        # With steps and weights: the weighted sum over the number of positions, as Keras does.
        steps, weights = (2, len(y) // 2), np.arange(len(y)).reshape(2, -1)
        got = cls()(y.reshape(steps), logits.reshape(*steps, -1), sample_weight=weights)
        np.testing.assert_allclose(got, (expected * weights.ravel()).mean(), rtol=1e-5, atol=1e-6)

        loss = cls(reduction="sum", name="given")
        revived = keras.losses.deserialize(keras.losses.serialize(loss))
        assert type(revived) is cls and revived.name == "given" and revived.reduction == "sum"
        np.testing.assert_allclose(revived(y, logits), expected.sum(), rtol=1e-5, atol=1e-6)

    return check
