import numpy as np
import pytest

from kerasrec.layers import Conv1DItemEncoder

TOKENS = np.array([[4, 2, 7], [3, 0, 0], [0, 0, 0]])


def test_layer_contract(check_layer):
    init_kwargs = {
        "vocabulary_size": 9, "dim": 3, "embedding_dim": 4, "filters": 5, "kernel_sizes": (2, 4),
        "dropout": 0.5,
    }  # fmt: skip
    check_layer(Conv1DItemEncoder, init_kwargs, {"tokens": TOKENS})


@pytest.mark.parametrize("more", [1, 2, 9])
def test_more_padding_changes_nothing(more):
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


def test_no_token_is_the_bias_alone():
    encoder = Conv1DItemEncoder(9, 3)
    encoder(TOKENS)
    weights = encoder.get_weights()
    encoder.set_weights([*weights[:2], weights[2] + 7.0, weights[3], np.array([1.0, 2.0, 3.0])])
    np.testing.assert_allclose(encoder(TOKENS)[2], [1.0, 2.0, 3.0])
