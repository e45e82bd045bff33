import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import DenseStack

X = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]], "bool")


@pytest.mark.parametrize("activation", ["dice", "tanh"])
def test_layer_contract(check_layer, activation):
    given = {"units": [4, 2], "activation": activation, "dropout": 0.5, "batch_norm": True}
    check_layer(DenseStack, given, {"x": X, "mask": MASK})


def test_two_layers_by_hand():
    stack = DenseStack([2, 1])
    stack.build((None, 2))
    first, second = [[1.0, -1.0], [2.0, 1.0]], [[3.0], [5.0]]
    stack.set_weights([np.array(w) for w in (first, [0.0, 1.0], second, [-4.0])])
    # relu(1 + 4, -1 + 2 + 1) = (5, 2);  relu(15 + 10 - 4)
    assert stack(np.array([[1.0, 2.0]])).numpy().tolist() == [[21.0]]


def test_normalized_before_the_activation():
    stack = DenseStack([3], "tanh", batch_norm=True)
    found = stack(X, training=True)
    kernel = stack.dense[0].get_weights()[0]
    x = (X @ kernel).reshape(-1, 3)
    expected = np.tanh((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)).reshape(X.shape)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("activation,batch_norm", [("dice", False), ("relu", True)])
def test_padding_does_not_change_real_steps(activation, batch_norm):
    stack = DenseStack([4, 2], activation, batch_norm=batch_norm)
    before = stack(X, mask=MASK, training=True).numpy()
    changed = np.where(MASK[..., None], X, 100.0)
    after = stack(changed, mask=MASK, training=True).numpy()
    np.testing.assert_allclose(after[MASK], before[MASK], atol=1e-5)
    assert np.abs(stack(changed, training=True).numpy() - after)[MASK].max() > 0.01


def test_dropout_in_training_only():
    stack = DenseStack([50], dropout=0.5)
    np.testing.assert_array_equal(stack(X), stack(X))
    assert np.abs(stack(X) - stack(X, training=True)).max() > 0.01


def test_without_units_it_is_the_input():
    np.testing.assert_array_equal(DenseStack([])(X), X)


def test_wrong_arguments():
    with pytest.raises(InputError, match="units: each width must be a whole number of at least 1"):
        DenseStack([4, 0])
    with pytest.raises(InputError, match="dropout: expected a number from 0 to below 1"):
        DenseStack([4], dropout=1.0)
