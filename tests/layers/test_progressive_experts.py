import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import ProgressiveExperts

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
GIVEN = {"num_shared_experts": 3, "num_task_experts": 2, "units": [5, 2], "num_tasks": 2}


def softmax(x):
    mass = np.exp(x)
    return mass / mass.sum(-1, keepdims=True)


def test_layer_contract(check_layer):
    given = {**GIVEN, "units": [2], "num_levels": 2, "activation": "tanh", "dropout": 0.5}
    check_layer(ProgressiveExperts, given, {"x": X})


def mixed(dense, x, experts):
    gate = softmax(x @ dense.get_weights()[0])
    return (gate[..., None] * np.stack(experts, axis=1)).sum(1), gate


@pytest.mark.parametrize("num_levels", [1, 2, 3])
def test_equals_the_formula_in_numpy(num_levels):
    layer = ProgressiveExperts(**GIVEN, num_levels=num_levels, activation="tanh")
    found = layer(X)
    first, second, shared = X, X, X
    for level in layer.levels:
        read = [first, first, second, second, shared, shared, shared]
        answers = [expert(x).numpy() for expert, x in zip(level.experts, read, strict=True)]
        one, two, both = answers[:2], answers[2:4], answers[4:]
        if level is not layer.levels[-1]:
            shared = mixed(level.gate_logits[2], shared, one + two + both)[0]
        first, first_gate = mixed(level.gate_logits[0], first, one + both)
        second, second_gate = mixed(level.gate_logits[1], second, two + both)
    np.testing.assert_allclose(found, [first, second], atol=1e-5)
    gates = layer.gates(X)
    np.testing.assert_allclose(gates, np.stack([first_gate, second_gate], axis=1), atol=1e-5)


def test_experts_of_one_task_are_not_read_by_another():
    layer = ProgressiveExperts(**GIVEN)
    first, second = layer(X)
    for expert in layer.levels[0].experts[:2]:
        expert.set_weights([weight + 1.0 for weight in expert.get_weights()])
    changed, same = layer(X)
    assert np.abs(changed - first).max() > 0.01
    np.testing.assert_array_equal(same, second)


def test_every_weight_is_trained(gradients):
    """The shared gate of the last level would not be, so there is none."""
    layer = ProgressiveExperts(**GIVEN, num_levels=2, activation="tanh")
    assert len(layer.levels[0].gate_logits) == 3 and len(layer.levels[1].gate_logits) == 2
    assert all(np.abs(gradient).max() > 0 for gradient in gradients(layer, x=X))


@pytest.mark.parametrize(
    "name", ["num_shared_experts", "num_task_experts", "num_tasks", "num_levels"]
)
def test_wrong_arguments(name):
    with pytest.raises(InputError, match=f"{name} must be a whole number of at least 1"):
        ProgressiveExperts(**{**GIVEN, name: 0})
    with pytest.raises(InputError, match="give at least one width"):
        ProgressiveExperts(**{**GIVEN, "units": []})
