import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import Conv1DItemEncoder

TOKENS = np.array([[4, 2, 7], [3, 0, 0], [0, 0, 0]])


def test_layer_contract(check_layer):
    init_kwargs = {
        "vocabulary_size": 9, "dim": 3, "embedding_dim": 4, "filters": 5, "kernel_sizes": (2, 4),
        "dropout": 0.5, "activation": "sigmoid",
    }  # fmt: skip
    check_layer(Conv1DItemEncoder, init_kwargs, {"tokens": TOKENS})


@pytest.mark.parametrize("more", [1, 2, 9])
def test_padding_does_not_matter(more):
    encoder = Conv1DItemEncoder(9, 3, kernel_sizes=[1, 2, 3, 5])
    padded = np.pad(TOKENS, ((0, 0), (0, more)))
    np.testing.assert_allclose(encoder(padded), encoder(TOKENS), atol=1e-6)


def test_items_of_a_session_are_encoded_one_by_one():
    encoder = Conv1DItemEncoder(9, 3)
    np.testing.assert_allclose(encoder(TOKENS[None, None])[0, 0], encoder(TOKENS), atol=1e-6)


def test_by_hand():
    encoder = Conv1DItemEncoder(4, 1, embedding_dim=1, filters=1, kernel_sizes=[2])
    encoder.build((None, None))
    # E = token -> 100, 1, 2, -3; conv_t = E_t - E_(t+1) + 0.5; dense = 10 h + 1
    weights = [[[100.0], [1.0], [2.0], [-3.0]], [[[1.0]], [[-1.0]]], [0.5], [[10.0]], [1.0]]
    encoder.set_weights([np.array(weight) for weight in weights])
    # [2, 3, 1]: 2 + 3 + .5 = 5.5, -3 - 1 + .5 < 0, 1 - 0 + .5 = 1.5      -> max 5.5
    # [3, 0, 0]: -3 - 0 + .5 < 0 -> 0, though conv alone would be .5 at padding
    np.testing.assert_allclose(encoder(np.array([[2, 3, 1], [3, 0, 0]])), [[56.0], [1.0]])


def test_no_token_gives_the_bias():
    encoder = Conv1DItemEncoder(9, 3)
    encoder(TOKENS)
    weights = encoder.get_weights()
    encoder.set_weights([*weights[:2], weights[2] + 7.0, weights[3], np.array([1.0, 2.0, 3.0])])
    np.testing.assert_allclose(encoder(TOKENS)[2], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("sizes", [(3,), (2, 5)])
def test_tokens_add_up_to_the_dot_product(sizes):
    keras.utils.set_random_seed(0)
    encoder = Conv1DItemEncoder(50, 4, embedding_dim=6, filters=7, kernel_sizes=sizes)
    tokens = np.random.default_rng(0).integers(2, 50, (5, 9))
    tokens[1, 4:] = 0
    tokens[2] = 0
    encoder(tokens)
    encoder.output_layer.bias.assign([1.0, -2.0, 0.5, 3.0])
    vector = keras.ops.convert_to_numpy(encoder(tokens))
    direction = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    found = keras.ops.convert_to_numpy(encoder.contributions(tokens, direction))
    rest = direction @ [1.0, -2.0, 0.5, 3.0]
    np.testing.assert_allclose(
        found.sum(axis=1) + rest, (vector * direction).sum(axis=1), atol=1e-5
    )
    assert not found[tokens == 0].any()


def test_window_of_the_maximum_gets_the_contribution():
    """One filter that fires on token 5 followed by token 6 only."""
    encoder = Conv1DItemEncoder(8, 1, embedding_dim=8, filters=1, kernel_sizes=(2,))
    encoder(np.array([[2, 3]]))
    encoder.table.embeddings.assign(np.eye(8))
    kernel = np.zeros((2, 8, 1), "float32")
    kernel[0, 5, 0], kernel[1, 6, 0] = 1.0, 2.0
    encoder.convolutions[0].kernel.assign(kernel)
    encoder.output_layer.kernel.assign([[10.0]])
    found = encoder.contributions(np.array([[2, 5, 6, 3, 0]]), np.array([[0.5]]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), [[0, 7.5, 7.5, 0, 0]], atol=1e-5)


def test_an_activation_by_hand():
    """C = sigmoid(W h + b), where h is the maximum of the convolution, in NumPy."""
    encoder = Conv1DItemEncoder(9, 3, 4, 5, kernel_sizes=(1,), activation="sigmoid")
    encoder(TOKENS)
    generator = np.random.default_rng(0)
    for weight in encoder.weights:
        weight.assign(generator.normal(size=weight.shape))
    table, kernel, bias, w, b = (np.array(weight) for weight in encoder.weights)
    found = np.maximum(table[TOKENS] @ kernel[0] + bias, 0) * (TOKENS > 0)[..., None]
    expected = 1 / (1 + np.exp(-(found.max(axis=1) @ w + b)))
    np.testing.assert_allclose(encoder(TOKENS), expected, atol=1e-6)
    with pytest.raises(InputError, match="no sum over tokens: use activation=None"):
        encoder.contributions(TOKENS, np.ones((3, 3)))
