import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import CrossNetwork

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


@pytest.mark.parametrize(
    "given", [{"num_layers": 3}, {"num_layers": 1, "rank": 2}, {"rank": 3, "num_experts": 2}]
)
def test_layer_contract(check_layer, given):
    check_layer(CrossNetwork, given, {"x": X}, half_tolerance=0.05)


def shaken(layer):
    """With biases unlike those of the start, which are zeros."""
    layer(X)
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(0, 0.5, weight.shape) for weight in layer.weights])
    return {weight.name: weight.numpy() for weight in layer.weights}


def softmax(x):
    mass = np.exp(x)
    return mass / mass.sum(-1, keepdims=True)


def test_two_layers_by_hand():
    layer = CrossNetwork(2)
    layer(np.zeros((1, 2)))
    # Each layer swaps the numbers; the second adds 1 to both.
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    layer.set_weights([swap, np.zeros(2), swap, np.ones(2)])
    # x_1 = (2, 3) * (3, 2) + (2, 3) = (8, 9);  x_2 = (2, 3) * (9 + 1, 8 + 1) + (8, 9)
    np.testing.assert_allclose(layer(np.array([[2.0, 3.0]])), [[28.0, 36.0]])


def test_low_rank_equals_the_full_matrix_of_the_same_map():
    low, full = CrossNetwork(1, rank=2), CrossNetwork(1)
    weights = shaken(low)
    full(X)
    full.set_weights([weights["v_0_0"] @ weights["u_0_0"], weights["bias_0"]])
    np.testing.assert_allclose(low(X), full(X), atol=1e-5)


def test_experts_equal_the_formula_in_numpy():
    layer = CrossNetwork(2, rank=3, num_experts=2)
    weights, x = shaken(layer), X
    for n in range(2):
        gate, total = softmax(x @ weights[f"gate_{n}"]), 0.0
        for e in range(2):
            v, c, u = (weights[f"{name}_{n}_{e}"] for name in "vcu")
            expert = X * (np.tanh(np.tanh(x @ v) @ c) @ u + weights[f"bias_{n}"])
            total = total + gate[:, e : e + 1] * expert
        x = total + x
    np.testing.assert_allclose(layer(X), x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"num_layers": 0}, {"rank": 0}, {"num_experts": 1.5, "rank": 2}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} must be a whole number"):
        CrossNetwork(**wrong)


def test_experts_need_a_rank():
    with pytest.raises(InputError, match="give a rank"):
        CrossNetwork(num_experts=2)
