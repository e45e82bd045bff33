import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.attention_decoder import AttentionDecoder

RANDOM = np.random.default_rng(0)
INPUTS = {
    "vectors": RANDOM.normal(size=(3, 5, 4)).astype("float32"),
    "states": RANDOM.normal(size=(3, 5, 4)).astype("float32"),
    "memory": RANDOM.normal(size=(3, 5, 4)).astype("float32"),
    "mask": np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], "bool"),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(decoder, vectors, states, memory, mask, causal):
    """The step in NumPy: a GRU with the gates z, r, h, then Luong's "general" attention."""
    kernel, recurrent, bias = (np.asarray(w, "float64") for w in decoder.cell.weights)
    into = np.split(vectors @ kernel + bias[0], 3, axis=-1)
    back = np.split(states @ recurrent + bias[1], 3, axis=-1)
    z, r = sigmoid(into[0] + back[0]), sigmoid(into[1] + back[1])
    state = z * states + (1 - z) * np.tanh(into[2] + r * back[2])
    scores = state @ np.asarray(decoder.look.kernel) @ memory.transpose(0, 2, 1)
    seen = np.broadcast_to(mask[:, None], scores.shape)
    if causal:
        seen = seen & np.tri(scores.shape[1], dtype="bool")
    weights = np.exp(scores) * seen
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-30)
    own, (gamma, beta) = state + vectors, decoder.norm.get_weights()
    own = (own - own.mean(-1, keepdims=True)) / np.sqrt(own.var(-1, keepdims=True) + 1e-6)
    return own * gamma + beta + weights @ memory @ np.asarray(decoder.mix.kernel), state


@pytest.fixture
def decoder():
    decoder = AttentionDecoder(4)
    decoder(**INPUTS)
    random = np.random.default_rng(1)
    for weight in decoder.weights:  # biases and W start from 0
        weight.assign(random.normal(size=weight.shape))
    return decoder


@pytest.mark.parametrize("causal", [False, True])
def test_a_step_by_hand(decoder, causal):
    found = decoder(**INPUTS, causal=causal)
    for value, expected in zip(found, by_hand(decoder, **INPUTS, causal=causal), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-5)


def test_layer_contract(check_layer):
    given = {"units": 4, "dropout": 0.5}
    check_layer(AttentionDecoder, given, INPUTS, causal=True)


def test_causal_sequence_does_not_depend_on_later_states(decoder):
    before = decoder(**INPUTS, causal=True)[0]
    memory = INPUTS["memory"].copy()
    memory[:, 3:] += 1.0
    after = decoder(**{**INPUTS, "memory": memory}, causal=True)[0]
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[0, 3:] - after[0, 3:]).max(axis=-1).min() > 1e-4


def test_sequences_are_decoded_independently(decoder):
    together, _ = decoder(**INPUTS)
    alone = {name: INPUTS[name][:, 1:2] for name in ("vectors", "states")}
    np.testing.assert_allclose(together[:, 1:2], decoder(**{**INPUTS, **alone})[0], atol=1e-6)


def test_padding_of_the_history_does_not_matter(decoder):
    wide = {
        **INPUTS,
        "memory": np.pad(INPUTS["memory"], ((0, 0), (2, 3), (0, 0)), constant_values=7.0),
        "mask": np.pad(INPUTS["mask"], ((0, 0), (2, 3))),
    }
    np.testing.assert_allclose(decoder(**INPUTS)[0], decoder(**wide)[0], atol=1e-5)


def test_dropout_in_training_only():
    decoder = AttentionDecoder(4, dropout=0.9)
    np.testing.assert_array_equal(decoder(**INPUTS)[0], decoder(**INPUTS)[0])
    assert np.abs(decoder(**INPUTS)[0] - decoder(**INPUTS, training=True)[0]).max() > 0


def test_vectors_are_as_long_as_the_states():
    with pytest.raises(InputError, match="expected 4, the length of the vectors, received 3"):
        AttentionDecoder(3)(**{**INPUTS, "states": INPUTS["states"][..., :3]})
