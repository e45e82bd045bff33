import keras
import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from kerasrec.layers import KernelRegression

RNG = np.random.default_rng(0)
POINTS, TARGETS, OTHERS = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2)), RNG.normal(size=(4, 3))


def kernel(x, z):
    return x @ z + 0.5 * (x @ z) ** 2


def test_it_is_the_kernel_ridge_of_scikit_learn():
    layer = KernelRegression(6, input_dim=3, dim=2, ridge=0.7, square=0.5)
    layer.solve(POINTS, TARGETS)
    right = KernelRidge(alpha=0.7, kernel=kernel).fit(POINTS, TARGETS).predict(OTHERS)
    np.testing.assert_allclose(layer(OTHERS.astype("float32")), right, atol=1e-4)


def test_places_without_a_point_change_nothing():
    small, large = (KernelRegression(n, input_dim=3, dim=2) for n in (6, 9))
    large.solve(RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2)))
    for layer in (small, large):
        layer.solve(POINTS, TARGETS)
    x = OTHERS.astype("float32")
    np.testing.assert_allclose(small(x), large(x), atol=1e-6)


def test_it_is_saved_with_its_arguments(tmp_path):
    layer = KernelRegression(6, input_dim=3, dim=2, ridge=0.7, square=0.5, name="map")
    layer.solve(POINTS, TARGETS)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = OTHERS.astype("float32")
    np.testing.assert_allclose(loaded(x), model(x), atol=1e-6)
    found = loaded.get_layer("map")
    assert (found.ridge, found.square, found.num_points) == (0.7, 0.5, 6)


def test_ridge_by_hand():
    layer = KernelRegression(2, input_dim=1, dim=1, ridge=1.0, square=0.0)
    layer.solve(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]))
    # w = (1 + 4) / (1 + 4 + 1)
    assert layer(np.array([[3.0]], "float32")).numpy()[0, 0] == pytest.approx(2.5, abs=1e-5)
