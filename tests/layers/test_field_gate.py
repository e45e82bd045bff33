import numpy as np
import pytest

from kerasrec.layers import FieldGate

GENERATOR = np.random.default_rng(0)
VECTORS = GENERATOR.normal(size=(3, 2, 4)).astype("float32")
CONTEXT = GENERATOR.normal(size=(3, 5)).astype("float32")


def test_layer_contract(check_layer):
    check_layer(FieldGate, {"units": [6]}, {"vectors": VECTORS, "context": CONTEXT})


@pytest.mark.parametrize("shape", [(3, 2, 4), (3, 8)])
def test_equals_the_formula_in_numpy(shape):
    gate = FieldGate([6])
    found = gate(VECTORS.reshape(shape), CONTEXT)
    first, _, last, _ = gate.get_weights()
    logits = np.maximum(CONTEXT @ first, 0) @ last
    expected = 2 / (1 + np.exp(-logits)).reshape(shape) * VECTORS.reshape(shape)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_zero_context_changes_nothing_at_the_start():
    np.testing.assert_allclose(FieldGate([6])(VECTORS, 0 * CONTEXT), VECTORS, rtol=1e-6)


def test_a_context_of_ones_gives_all_examples_the_same_weights():
    ones = np.ones((3, 1), "float32")
    gates = FieldGate()(VECTORS, ones) / VECTORS
    np.testing.assert_allclose(gates, np.tile(gates[:1], (3, 1, 1)), rtol=1e-5)
