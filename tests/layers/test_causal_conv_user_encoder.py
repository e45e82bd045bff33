import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.causal_conv_user_encoder import CausalConvUserEncoder

RNG = np.random.default_rng(0)
INPUTS = {
    "vectors": RNG.normal(size=(3, 6, 4)).astype("float32"),
    "mask": np.array([[1, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], "bool"),
}


@pytest.mark.parametrize("all_steps", [False, True])
def test_layer_contract(check_layer, all_steps):
    given = {"dilations": (1, 2), "kernel_size": 2, "dropout": 0.5}
    layer = check_layer(CausalConvUserEncoder, given, INPUTS, 0.05, all_steps=all_steps)
    assert layer.reach == 10


def test_a_block_by_hand():
    """LN makes 0 of a single number, so its beta decides what a convolution adds."""
    encoder = CausalConvUserEncoder((1,))
    vectors, mask = np.array([[[2.0], [5.0], [9.0]]], "float32"), np.array([[True, True, False]])
    np.testing.assert_allclose(encoder(vectors, mask, all_steps=True)[0, :, 0], [2, 5, 0])
    encoder.norms[1].beta.assign([3.0])
    np.testing.assert_allclose(encoder(vectors, mask, all_steps=True)[0, :, 0], [5, 8, 0])
    np.testing.assert_allclose(encoder(vectors, mask)[0], [8])


@pytest.mark.parametrize("kernel_size", [2, 3])
def test_equals_keras_convolutions(kernel_size):
    vectors = RNG.normal(size=(2, 9, 4)).astype("float32")
    encoder = CausalConvUserEncoder((1, 3), kernel_size)
    got = encoder(vectors, np.ones((2, 9), "bool"), all_steps=True)
    expected, number = vectors, 0
    for dilation in (1, 3):
        inner = expected
        for rate in (dilation, 2 * dilation):
            conv = keras.layers.Conv1D(4, kernel_size, padding="causal", dilation_rate=rate)
            conv.build(inner.shape)
            kernel, bias = encoder.kernels[number].get_weights()
            # Keras has the oldest step first.
            conv.set_weights([kernel.reshape(kernel_size, 4, 4)[::-1], bias])
            inner = np.maximum(encoder.norms[number](conv(inner)), 0.0)
            number += 1
        expected = expected + inner
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_padding_on_either_side_does_not_matter():
    encoder = CausalConvUserEncoder((1, 2))
    steps = RNG.normal(size=(1, 4, 4)).astype("float32")
    encoder(steps, np.ones((1, 4), "bool"))
    for norm in encoder.norms:  # so that padding would show
        norm.beta.assign(np.ones(4))
    alone = encoder(steps, np.ones((1, 4), "bool"), all_steps=True)
    for before, after in ((0, 5), (3, 0), (2, 1)):
        around = ((0, 0), (before, after))
        vectors = np.pad(steps, (*around, (0, 0)), constant_values=9.0)
        mask = np.pad(np.ones((1, 4), "bool"), around)
        states = np.asarray(encoder(vectors, mask, all_steps=True))
        np.testing.assert_allclose(states[:, before : before + 4], alone, atol=1e-6)
        np.testing.assert_array_equal(states[~mask], 0.0)
        np.testing.assert_allclose(encoder(vectors, mask), alone[:, -1], atol=1e-6)


def test_no_real_step_is_zeros():
    mask = np.zeros((3, 6), "bool")
    encoder = CausalConvUserEncoder()
    np.testing.assert_array_equal(encoder(INPUTS["vectors"], mask), np.zeros((3, 4)))


def test_state_depends_on_its_receptive_field_only():
    encoder = CausalConvUserEncoder((1, 2))
    length, mask = 30, np.ones((1, 30), "bool")
    vectors = RNG.normal(size=(1, length, 8)).astype("float32")
    encoder(vectors, mask)
    for kernel in encoder.kernels:  # nothing dies at the ReLU
        kernel.bias.assign(RNG.normal(size=8))
    before = np.asarray(encoder(vectors, mask, all_steps=True))
    changed = vectors.copy()
    changed[:, 5] += 1.0
    moved = np.abs(np.asarray(encoder(changed, mask, all_steps=True)) - before).max(axis=(0, 2))
    assert (moved[:5] == 0).all() and (moved[5 + encoder.reach :] == 0).all()
    assert moved[5] > 0.1 and moved[5 + encoder.reach - 1] > 0


def test_dropout_in_training_only():
    encoder = CausalConvUserEncoder(dropout=0.9)
    np.testing.assert_array_equal(encoder(**INPUTS), encoder(**INPUTS))
    assert np.abs(encoder(**INPUTS) - encoder(**INPUTS, training=True)).max() > 0


@pytest.mark.parametrize("wrong", [{"dilations": ()}, {"dilations": (0,)}, {"kernel_size": 1}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match="expected"):
        CausalConvUserEncoder(**wrong)
