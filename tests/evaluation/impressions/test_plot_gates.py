import numpy as np

from kerasrec.data.datasets import load_impressions
from kerasrec.data.query_spec import ITEM
from kerasrec.evaluation.impressions import plot_gates
from kerasrec_zoo import DeepFM, MMoE


def test_gates_of_a_model_are_drawn(tmp_path):
    data = load_impressions(users=20, requests=2).select(slice(0, 40))
    model = MMoE(data.schema(), dim=2, num_experts=3, expert=(4,), tower=(2,))
    model.adapt(data)
    inputs = model.inputs_of(data)
    gates = model.gates(inputs, inputs[ITEM])
    assert gates.shape == (40, len(data.tasks), 3)
    np.testing.assert_allclose(gates.sum(axis=2), 1, rtol=1e-5)
    plot_gates(tmp_path / "gates.png", gates, [task.name for task in data.tasks])
    assert (tmp_path / "gates.png").read_bytes().startswith(b"\x89PNG")


def test_a_model_without_gates_has_none():
    data = load_impressions(users=20, requests=2)
    model = DeepFM(data.schema(), dim=2, mlp=(2,))
    model.adapt(data)
    inputs = model.inputs_of(data)
    assert model.gates(inputs, inputs[ITEM]) is None
