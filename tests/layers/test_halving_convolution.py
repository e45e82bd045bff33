import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import HalvingConvolution

IMAGE = np.random.default_rng(0).normal(size=(3, 4, 6, 2)).astype("float32")


def test_layer_contract(check_layer):
    check_layer(HalvingConvolution, {"filters": 5}, {"image": IMAGE})


def test_by_hand():
    layer = HalvingConvolution(1)
    layer.build((None, 2, 2, 1))
    layer.dense.set_weights([np.array([[1.0], [10.0], [100.0], [1000.0]]), np.array([-5.0])])
    assert float(layer(np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]))[0, 0, 0, 0]) == 4316.0
    assert float(layer(-np.ones((1, 2, 2, 1)))[0, 0, 0, 0]) == 0.0


def test_equals_keras_conv2d():
    theirs = keras.layers.Conv2D(5, 2, 2, activation="relu", bias_initializer="random_normal")
    expected = theirs(IMAGE)
    layer = HalvingConvolution(5)
    layer.build(IMAGE.shape)
    kernel, bias = theirs.get_weights()
    layer.dense.set_weights([kernel.reshape(-1, 5), bias])
    np.testing.assert_allclose(layer(IMAGE), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(None, 3, 4, 1), (None, 4, 3, 1)])
def test_odd_size_is_refused(shape):
    with pytest.raises(InputError, match="expected an even height and width, received"):
        HalvingConvolution(2).build(shape)
