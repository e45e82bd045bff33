import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import TargetAttention

GENERATOR = np.random.default_rng(0)
INPUTS = {
    "history": GENERATOR.normal(size=(4, 3, 2)).astype("float32"),
    "target": GENERATOR.normal(size=(4, 2)).astype("float32"),
    "mask": np.array([[1, 1, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0]], "bool"),
}
HISTORY, TARGET, MASK = INPUTS.values()


@pytest.mark.parametrize(
    "given", [{"units": [5, 4], "softmax": True}, {"units": [5], "activation": "sigmoid"}]
)
def test_layer_contract(check_layer, given):
    check_layer(TargetAttention, given, INPUTS)


def test_two_steps_by_hand():
    """The MLP reads h * t of the first dimension only."""
    attention = TargetAttention([1], "relu")
    attention.build((None, 2, 2), (None, 2))
    kernel = np.zeros((8, 1))
    kernel[6] = 1.0
    attention.set_weights([kernel, np.zeros(1), np.array([[2.0]]), np.array([-1.0])])
    history, target = np.array([[[3.0, 1.0], [-4.0, 1.0]]]), np.array([[5.0, 0.0]])
    # 2 relu(15) - 1 and 2 relu(-20) - 1
    mask = np.ones((1, 2), "bool")
    assert attention.weights_of(history, target, mask).numpy().tolist() == [[29.0, -1.0]]
    assert attention(history, target, mask).numpy().tolist() == [[29 * 3 + 4.0, 29 - 1.0]]


def test_tanh_of_a_bilinear_form_by_hand():
    """A_s = tanh(theta^T (h_s * t)) and the history weighted by A, in NumPy."""
    attention = TargetAttention([1], "tanh")
    attention.build(HISTORY.shape, TARGET.shape)
    theta = np.array([0.7, -1.3])
    kernel = np.concatenate([np.zeros(6), theta])[:, None]
    attention.set_weights([kernel, np.zeros(1), np.ones((1, 1)), np.zeros(1)])
    expected = np.tanh((HISTORY * TARGET[:, None]) @ theta) * MASK
    np.testing.assert_allclose(attention.weights_of(**INPUTS), expected, atol=1e-6)
    pooled = np.einsum("ns,nsd->nd", expected, HISTORY)
    np.testing.assert_allclose(attention(**INPUTS), pooled, atol=1e-6)


@pytest.mark.parametrize("softmax", [False, True])
def test_equals_the_formula_in_numpy(softmax):
    attention = TargetAttention([5], "tanh", softmax)
    found = attention(**INPUTS).numpy()
    weights = attention.weights_of(**INPUTS).numpy()
    kernel, _, last, _ = attention.get_weights()
    for b in range(4):
        expected = np.zeros(3)
        for s in np.flatnonzero(MASK[b]):
            h, t = HISTORY[b, s], TARGET[b]
            expected[s] = (np.tanh(np.concatenate([h, t, h - t, h * t]) @ kernel) @ last)[0]
        if softmax and MASK[b].any():
            expected[MASK[b]] = np.exp(expected[MASK[b]]) / np.exp(expected[MASK[b]]).sum()
        np.testing.assert_allclose(weights[b], expected, atol=1e-5)
        np.testing.assert_allclose(found[b], expected @ HISTORY[b], atol=1e-5)


@pytest.mark.parametrize("softmax", [False, True])
def test_padding_changes_neither_result_nor_training(softmax):
    attention = TargetAttention([5], softmax=softmax)
    before = attention(**INPUTS, training=True).numpy()
    longer = np.pad(HISTORY, ((0, 0), (0, 2), (0, 0)), constant_values=9.0)
    after = attention(longer, TARGET, np.pad(MASK, ((0, 0), (0, 2))), training=True)
    np.testing.assert_allclose(after, before, atol=1e-5)
    np.testing.assert_array_equal(before[3], np.zeros(2))


@pytest.mark.parametrize("activation", ["dice", "relu"])
@pytest.mark.parametrize("softmax", [False, True])
def test_gradients_are_finite_and_zero_at_padding(gradients, softmax, activation):
    attention = TargetAttention([5], activation, softmax)
    attention(**INPUTS)
    of_history, *others = gradients(attention, **INPUTS)
    assert all(np.isfinite(gradient).all() for gradient in (of_history, *others))
    np.testing.assert_array_equal(of_history[~MASK], np.zeros((6, 2)))
    assert all(np.abs(of_history[b][MASK[b]]).max() > 0 for b in range(3))


def test_empty_batch_and_empty_histories():
    attention = TargetAttention([5], softmax=True)
    assert attention(HISTORY[:0], TARGET[:0], MASK[:0]).shape == (0, 2)
    np.testing.assert_array_equal(attention(HISTORY[:, :0], TARGET, MASK[:, :0]), np.zeros((4, 2)))


def test_large_logits_in_half_precision():
    attention = TargetAttention([5], "relu", softmax=True, dtype="mixed_float16")
    found = attention(100 * HISTORY, 100 * TARGET, MASK).numpy()
    assert found.dtype == "float16" and np.isfinite(found).all()


def test_wrong_arguments():
    with pytest.raises(InputError, match="units: each width"):
        TargetAttention([0])
