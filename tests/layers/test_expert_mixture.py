import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import ExpertMixture

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
GIVEN = {"num_experts": 3, "units": [5, 2], "num_tasks": 2}


def softmax(x):
    mass = np.exp(x)
    return mass / mass.sum(-1, keepdims=True)


def test_layer_contract(check_layer):
    check_layer(ExpertMixture, {**GIVEN, "activation": "tanh", "dropout": 0.5}, {"x": X})


def test_two_experts_by_hand():
    mixture = ExpertMixture(2, [1], 2)
    mixture.build((None, 1))
    for expert, kernel in zip(mixture.experts, (2.0, 10.0), strict=True):
        expert.set_weights([np.array([[kernel]]), np.zeros(1)])
    # At x = 1 the first task reads 1/4 and 3/4, the second both alike.
    mixture.gate_logits[0].set_weights([np.array([[0.0, np.log(3)]])])
    mixture.gate_logits[1].set_weights([np.zeros((1, 2))])
    first, second = mixture(np.array([[1.0]]))
    np.testing.assert_allclose(first, [[2 / 4 + 30 / 4]], rtol=1e-6)
    np.testing.assert_allclose(second, [[6.0]], rtol=1e-6)
    gates = mixture.gates(np.array([[1.0]]))
    np.testing.assert_allclose(gates, [[[0.25, 0.75], [0.5, 0.5]]], rtol=1e-6)


def test_equals_the_formula_in_numpy():
    mixture = ExpertMixture(**GIVEN)
    found, gates = mixture(X), mixture.gates(X).numpy()
    experts = np.stack([expert(X) for expert in mixture.experts], axis=1)
    for k in range(2):
        gate = softmax(X @ mixture.gate_logits[k].get_weights()[0])
        np.testing.assert_allclose(gates[:, k], gate, atol=1e-6)
        np.testing.assert_allclose(found[k], (gate[..., None] * experts).sum(1), atol=1e-5)


def test_one_expert_is_the_shared_bottom():
    mixture = ExpertMixture(1, [5, 2], 2)
    first, second = mixture(X)
    np.testing.assert_allclose(first, mixture.experts[0](X), atol=1e-6)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["num_experts", "num_tasks"])
def test_wrong_arguments(name):
    with pytest.raises(InputError, match=f"{name} must be a whole number of at least 1"):
        ExpertMixture(**{**GIVEN, name: 0})
    with pytest.raises(InputError, match="give at least one width"):
        ExpertMixture(**{**GIVEN, "units": []})
