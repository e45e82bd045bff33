import keras
import numpy as np
import pytest

from kerasrec.layers import Dice

X = np.random.default_rng(0).normal(2.0, 3.0, size=(4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]], "bool")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def dice():
    layer = Dice()
    layer.build(X.shape)
    layer.alpha.assign([0.5, -1.0, 0.0])
    return layer


def test_layer_contract(check_layer):
    check_layer(Dice, {}, {"x": X, "mask": MASK})


@pytest.mark.parametrize("mask", [None, MASK])
def test_equals_the_formula_in_numpy(dice, mask):
    counted = X[np.ones_like(MASK) if mask is None else mask]
    p = sigmoid((X - counted.mean(0)) / counted.std(0))
    expected = p * X + (1 - p) * np.array([0.5, -1.0, 0.0]) * X
    found = dice(X, mask=mask, training=True)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_without_training_it_reads_moving_averages(dice):
    dice.norm.moving_mean.assign([1.0, 0.0, 2.0])
    dice.norm.moving_variance.assign([4.0, 1.0, 9.0])
    p = sigmoid((X - [1.0, 0.0, 2.0]) / [2.0, 1.0, 3.0])
    expected = p * X + (1 - p) * np.array([0.5, -1.0, 0.0]) * X
    np.testing.assert_allclose(dice(X), expected, rtol=1e-4, atol=1e-5)


def test_batch_of_padding_is_finite(dice):
    found = dice(X, mask=np.zeros_like(MASK), training=True)
    assert np.isfinite(found).all()
    assert all(np.isfinite(weight).all() for weight in dice.get_weights())


def test_large_values_in_half_precision():
    """The variance, 4e6, is above the largest float16."""
    x = np.array([[2000.0], [-2000.0]])
    found = Dice(dtype="mixed_float16")(x, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    expected = x * sigmoid(x / 2000.0)  # alpha is 0
    np.testing.assert_allclose(found, expected, rtol=2e-3)
