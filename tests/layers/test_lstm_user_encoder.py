import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import LSTMUserEncoder

VARIANTS = [("lstm", False), ("gru", False), ("rnn", False), ("lstm", True), ("rnn", True)]
# The same three steps with the padding on the right, left, inside, around, and none at all.
PLACES = [[0, 1, 2], [3, 4, 5], [0, 2, 5], [1, 3, 4]]


def placed(steps, noise):
    """The steps at all of PLACES, with noise at padding: vectors `(4, 6, dim)` and mask."""
    vectors, mask = noise.copy(), np.zeros(noise.shape[:2], "bool")
    for row, place in enumerate(PLACES):
        vectors[row, place] = steps
        mask[row, place] = True
    return vectors, mask


@pytest.fixture
def steps():
    generator = np.random.default_rng(0)
    return generator.normal(size=(3, 2)).astype("float32")


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(size=(4, 6, 2)).astype("float32")


INPUTS = {
    "vectors": np.random.default_rng(2).normal(size=(3, 4, 2)).astype("float32"),
    "mask": np.array([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], "bool"),
}


def test_layer_contract(check_layer):
    init_kwargs = {
        "units": 4, "cell": "gru", "bidirectional": True, "dropout": 0.5, "use_cudnn": False,
    }  # fmt: skip
    check_layer(LSTMUserEncoder, init_kwargs, INPUTS)


def test_layer_contract_residual(check_layer):
    check_layer(LSTMUserEncoder, {"units": 2, "residual": True, "dropout": 0.5}, INPUTS)


def test_layer_contract_all_steps(check_layer):
    layer = check_layer(LSTMUserEncoder, {"units": 4}, INPUTS, all_steps=True)
    assert layer(**INPUTS, all_steps=True).shape == (3, 4, 4)


@pytest.mark.parametrize("cell,bidirectional", VARIANTS)
def test_padding_position_does_not_matter(cell, bidirectional, steps, noise):
    encoder = LSTMUserEncoder(4, cell, bidirectional)
    expected = encoder(steps[None], np.ones((1, 3), "bool"))
    vectors, mask = placed(steps, noise)
    np.testing.assert_allclose(encoder(vectors, mask), np.repeat(expected, 4, 0), atol=1e-6)
    if not bidirectional:
        every = np.asarray(encoder(vectors, mask, all_steps=True))
        alone = encoder(steps[None], np.ones((1, 3), "bool"), all_steps=True)
        for row, place in enumerate(PLACES):
            np.testing.assert_allclose(every[row, place], alone[0], atol=1e-6)
        np.testing.assert_array_equal(every[~mask], 0.0)


@pytest.mark.parametrize("cell,bidirectional", VARIANTS)
def test_history_without_a_real_step_is_zeros(cell, bidirectional, noise):
    encoder = LSTMUserEncoder(4, cell, bidirectional)
    np.testing.assert_array_equal(encoder(noise, np.zeros((4, 6), "bool")), np.zeros((4, 4)))


def test_elman_by_hand():
    encoder = LSTMUserEncoder(1, "rnn")
    encoder.build((None, None, 1))
    encoder.set_weights([np.array([[1.0]]), np.array([[2.0]]), np.array([0.0])])
    first = np.tanh(0.5)
    second = np.tanh(-1.0 + 2.0 * first)
    vectors, mask = np.array([[[0.5], [9.0], [-1.0]]]), np.array([[True, False, True]])
    states = encoder(vectors, mask, all_steps=True)
    np.testing.assert_allclose(states[0, :, 0], [first, 0.0, second], atol=1e-6)


def test_lstm_equals_keras(steps):
    encoder = LSTMUserEncoder(4)
    got = encoder(steps[None], np.ones((1, 3), "bool"))
    keras_layer = keras.layers.LSTM(4)
    keras_layer.build((None, 3, 2))
    keras_layer.set_weights(encoder.get_weights())
    np.testing.assert_allclose(got, keras_layer(steps[None]), atol=1e-6)


def test_each_direction_reads_the_whole_history(steps):
    """The second half of the units reads the history in reverse."""
    encoder = LSTMUserEncoder(2, "rnn", bidirectional=True)
    ones = np.ones((1, 3), "bool")
    encoder(steps[None], ones)
    weights = encoder.get_weights()
    encoder.set_weights([*weights[:3], *weights[:3]])
    forward, backward = np.asarray(encoder(steps[None], ones))[0]
    reversed_forward, reversed_backward = np.asarray(encoder(steps[None, ::-1], ones))[0]
    expected = [reversed_backward, reversed_forward]
    np.testing.assert_allclose([forward, backward], expected, atol=1e-6)


def test_a_state_does_not_depend_on_later_steps(noise):
    encoder = LSTMUserEncoder(4)
    mask = np.ones((4, 6), "bool")
    before = encoder(noise, mask, all_steps=True)
    changed = noise.copy()
    changed[:, 3:] += 1.0
    after = encoder(changed, mask, all_steps=True)
    np.testing.assert_allclose(before[:, :3], after[:, :3], atol=1e-6)
    assert np.abs(before[:, 3:] - after[:, 3:]).min(axis=(0, 2)).max() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("cell, bidirectional", VARIANTS)
def test_residual_adds_the_input_of_the_step_and_normalizes(cell, bidirectional, steps, noise):
    vectors, mask = placed(steps, noise)
    plain = LSTMUserEncoder(2, cell, bidirectional)
    encoder = LSTMUserEncoder(2, cell, bidirectional, residual=True)
    plain(vectors, mask), encoder(vectors, mask)
    encoder.rnn.set_weights(plain.rnn.get_weights())
    encoder.norm.set_weights([np.array([2.0, 3.0]), np.array([0.5, -0.5])])

    def expected(states, own):
        x = np.asarray(states) + own
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        return x * [2.0, 3.0] + [0.5, -0.5]

    last = expected(plain(vectors, mask), steps[2])
    np.testing.assert_allclose(encoder(vectors, mask), last, atol=1e-4)
    np.testing.assert_array_equal(encoder(vectors, np.zeros_like(mask)), np.zeros((4, 2)))
    if bidirectional:
        return
    every = expected(plain(vectors, mask, all_steps=True), vectors) * mask[..., None]
    np.testing.assert_allclose(encoder(vectors, mask, all_steps=True), every, atol=1e-4)


def test_dropout_in_training_only(steps):
    encoder = LSTMUserEncoder(4, dropout=0.9)
    mask = np.ones((1, 3), "bool")
    np.testing.assert_array_equal(encoder(steps[None], mask), encoder(steps[None], mask))
    assert np.abs(encoder(steps[None], mask) - encoder(steps[None], mask, training=True)).max() > 0


@pytest.mark.parametrize("wrong", [{"cell": "mlp"}, {"units": 3, "bidirectional": True}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match="expected one of|even number"):
        LSTMUserEncoder(**{"units": 4, **wrong})


def test_residual_needs_vectors_of_length_units(noise):
    with pytest.raises(InputError, match="units: expected 2, the length of the vec.* received 4"):
        LSTMUserEncoder(4, residual=True)(noise, np.ones((4, 6), "bool"))


def test_all_steps_is_refused_with_bidirectional(noise):
    with pytest.raises(InputError, match="all_steps=True needs bidirectional=False"):
        LSTMUserEncoder(4, bidirectional=True)(noise, np.ones((4, 6), "bool"), all_steps=True)


def test_an_activation_by_hand():
    """R = sigmoid(W h + b) after every step, in NumPy for an Elman network."""
    encoder = LSTMUserEncoder(3, "rnn", activation="sigmoid")
    encoder(**INPUTS)
    generator = np.random.default_rng(3)
    for weight in encoder.weights:
        weight.assign(generator.normal(size=weight.shape))
    kernel, recurrent, bias = (np.array(weight) for weight in encoder.rnn.weights)
    w, b = (np.array(weight) for weight in encoder.output_layer.weights)
    h, expected = np.zeros((3, 3)), np.zeros((3, 4, 3))
    for t in range(4):
        h = np.tanh(INPUTS["vectors"][:, t] @ kernel + h @ recurrent + bias)
        expected[:, t] = 1 / (1 + np.exp(-(h @ w + b)))
    expected *= INPUTS["mask"][..., None]
    np.testing.assert_allclose(encoder(**INPUTS, all_steps=True), expected, atol=1e-6)
    last = [expected[0, 2], expected[1, 0], np.zeros(3)]
    np.testing.assert_allclose(encoder(**INPUTS), last, atol=1e-6)


def test_layer_contract_activation(check_layer):
    check_layer(LSTMUserEncoder, {"units": 3, "activation": "sigmoid"}, INPUTS)


def test_an_activation_of_the_residual_sum_is_refused():
    with pytest.raises(InputError, match="activation: expected None with residual=True"):
        LSTMUserEncoder(2, residual=True, activation="sigmoid")
