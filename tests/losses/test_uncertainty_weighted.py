"""UncertaintyWeighted; its training is tested beside the layer."""

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses import Focal, MaskedBinaryCrossentropy, UncertaintyWeighted

Y = np.array([1.0, 0.0, np.nan, 1.0], "float32")
X = np.array([0.5, -1.0, 2.0, -3.0], "float32")
S = 0.75


def appended(x):
    return np.stack([x, np.full(x.shape, S, "float32")], axis=-1)


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_by_formula(column, weighted):
    each = np.asarray(MaskedBinaryCrossentropy(reduction=None)(Y, X))
    expected = np.exp(-S) * each + S / 2 * ~np.isnan(Y)
    weights = np.array([1.0, 2.0, 3.0, 0.5], "float32")
    y, x = (Y[:, None], X[:, None]) if column else (Y, X)
    loss = UncertaintyWeighted(MaskedBinaryCrossentropy())
    found = loss(y, appended(x), sample_weight=weights if weighted else None)
    expected = (expected * weights if weighted else expected).mean()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_weights_of_requests():
    loss = UncertaintyWeighted(MaskedBinaryCrossentropy(), reduction="sum")
    square, weights = (2, 2), np.array([2.0, 0.5], "float32")
    found = loss(Y.reshape(square), appended(X.reshape(square)), sample_weight=weights)
    alike = loss(Y, appended(X), sample_weight=np.repeat(weights, 2))
    np.testing.assert_allclose(found, alike, rtol=1e-6)


def test_of_a_loss_of_keras():
    y = np.nan_to_num(Y)[:, None]
    found = UncertaintyWeighted(keras.losses.MeanSquaredError())(y, appended(X[:, None]))
    expected = np.exp(-S) * np.mean((y[:, 0] - X) ** 2) + S / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_is_saved_with_its_loss():
    loss = UncertaintyWeighted(Focal(gamma=1.5), reduction="sum", name="given")
    revived = keras.losses.deserialize(keras.losses.serialize(loss))
    assert revived.loss.gamma == 1.5
    assert revived.name == "given" and revived.reduction == "sum"
    np.testing.assert_allclose(revived(Y, appended(X)), loss(Y, appended(X)))


def test_predictions_without_the_column_are_refused():
    with pytest.raises(
        InputError, match=r"y_pred: expected \(..., 2\).* received the shape \(4,\)"
    ):
        UncertaintyWeighted(MaskedBinaryCrossentropy())(Y, X)


def test_a_name_is_no_loss():
    with pytest.raises(InputError, match="loss: expected a keras.losses.Loss, received 'mse'"):
        UncertaintyWeighted("mse")
