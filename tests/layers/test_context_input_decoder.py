import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import ContextInputDecoder

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
    """The step in NumPy: attention of [s; v], then a GRU with the gates z, r, h over [v; c]."""
    asked = np.concatenate([states, vectors], axis=-1)
    scores = asked @ np.asarray(decoder.look.kernel) @ memory.transpose(0, 2, 1)
    seen = np.broadcast_to(mask[:, None], scores.shape)
    if causal:
        seen = seen & np.tri(scores.shape[1], dtype="bool")
    weights = np.exp(scores) * seen
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-30)
    read = np.concatenate([vectors, weights @ memory], axis=-1)
    kernel, recurrent, bias = (np.asarray(w, "float64") for w in decoder.cell.weights)
    into = np.split(read @ kernel + bias[0], 3, axis=-1)
    back = np.split(states @ recurrent + bias[1], 3, axis=-1)
    z, r = sigmoid(into[0] + back[0]), sigmoid(into[1] + back[1])
    return z * states + (1 - z) * np.tanh(into[2] + r * back[2])


@pytest.mark.parametrize("causal", [False, True])
def test_a_step_by_hand(causal):
    decoder = ContextInputDecoder(4)
    decoder(**INPUTS)
    random = np.random.default_rng(1)
    for weight in decoder.weights:
        weight.assign(random.normal(scale=0.5, size=weight.shape))
    for start in (INPUTS["states"], np.zeros_like(INPUTS["states"])):
        given = {**INPUTS, "states": start}
        for found in decoder(**given, causal=causal):
            np.testing.assert_allclose(found, by_hand(decoder, **given, causal=causal), atol=1e-6)


def test_layer_contract(check_layer):
    check_layer(ContextInputDecoder, {"units": 4, "dropout": 0.5}, INPUTS, causal=True)


def test_vectors_of_another_length_are_refused():
    with pytest.raises(InputError, match="units: expected 4, .* received 3"):
        ContextInputDecoder(3)(**INPUTS)
