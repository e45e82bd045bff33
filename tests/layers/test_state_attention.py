import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.state_attention import KINDS, StateAttention

RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(2, 3, 4)).astype("float32")
STATES = RNG.normal(size=(2, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], "bool")

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize("given", [{"kind": "additive", "dim": 6}, {"kind": "dot"}, {"dim": 5}])
def test_layer_contract(check_layer, given):
    check_layer(StateAttention, given, {"query": QUERY, "states": STATES, "mask": MASK})


def score(layer, h, q):
    weights = layer.get_weights()
    if layer.kind == "dot":
        return h @ q
    if layer.kind == "general":
        return q @ weights[0] @ h
    return float(np.tanh(q @ weights[0] + h @ weights[1]) @ weights[2][:, 0])


@kinds
@pytest.mark.parametrize("causal", [False, True])
def test_equals_the_formula_in_numpy(kind, causal):
    layer = StateAttention(kind, dim=6)
    query = STATES if causal else QUERY
    context, weights = layer(query, STATES, MASK, causal=causal)
    for b in range(2):
        for t in range(query.shape[1]):
            seen = [s for s in range(5) if MASK[b, s] and (not causal or s <= t)]
            e = np.exp([score(layer, STATES[b, s], query[b, t]) for s in seen])
            expected = np.zeros(5)
            expected[seen] = e / e.sum()
            np.testing.assert_allclose(weights[b, t], expected, atol=1e-5)
            np.testing.assert_allclose(context[b, t], expected @ STATES[b], atol=1e-5)


@pytest.mark.parametrize("kind", ["dot", "additive"])
def test_equals_keras(kind):
    layer = StateAttention(kind, dim=4)
    context, weights = layer(STATES, STATES, MASK, causal=True)
    asked = held = STATES
    if kind == "additive":
        w_2, w_1, v = layer.get_weights()
        other = keras.layers.AdditiveAttention()
        other.build([STATES.shape] * 3)
        other.set_weights([v[:, 0]])
        asked, held = STATES @ w_2, STATES @ w_1
    else:
        other = keras.layers.Attention()
    expected, scores = other(
        [asked, STATES, held],
        mask=[None, MASK],
        use_causal_mask=True,
        return_attention_scores=True,
    )
    np.testing.assert_allclose(weights, scores, atol=1e-6)
    np.testing.assert_allclose(context, expected, atol=1e-6)


@kinds
def test_query_without_visible_state_gets_zeros(kind):
    context, weights = StateAttention(kind)(QUERY, STATES, np.zeros((2, 5), "bool"))
    np.testing.assert_array_equal(weights, np.zeros((2, 3, 5)))
    np.testing.assert_array_equal(context, np.zeros((2, 3, 4)))


@kinds
def test_padding_and_later_steps_do_not_matter(kind):
    layer = StateAttention(kind)
    before, _ = layer(STATES, STATES, MASK, causal=True)
    changed = STATES.copy()
    changed[:, 3:] += 7.0
    after, _ = layer(changed, changed, MASK, causal=True)
    np.testing.assert_allclose(after[:, :3], before[:, :3], atol=1e-6)
    longer = np.pad(STATES, ((0, 0), (0, 2), (0, 0)), constant_values=3.0)
    padded, _ = layer(QUERY, longer, np.pad(MASK, ((0, 0), (0, 2))))
    np.testing.assert_allclose(padded, layer(QUERY, STATES, MASK)[0], atol=1e-6)


@kinds
def test_batch_of_one_is_broadcast(kind):
    layer = StateAttention(kind)
    _, weights = layer(QUERY[:1], STATES, MASK)
    _, again = layer(np.repeat(QUERY[:1], 2, axis=0), STATES, MASK)
    np.testing.assert_allclose(weights, again, atol=1e-6)


def test_only_dot_needs_equal_lengths():
    for kind in ("general", "additive"):
        assert StateAttention(kind)(QUERY[..., :2], STATES, MASK)[0].shape == (2, 3, 4)
    with pytest.raises(InputError, match="length of the states, 4, received 2"):
        StateAttention("dot")(QUERY[..., :2], STATES, MASK)


@pytest.mark.parametrize("wrong", [{"kind": "cosine"}, {"dim": 0}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match="expected"):
        StateAttention(**wrong)
