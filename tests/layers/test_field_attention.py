import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import FieldAttention

VECTORS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")


def test_layer_contract(check_layer):
    given = {"num_heads": 3, "dim": 2, "residual": False}
    check_layer(FieldAttention, given, {"vectors": VECTORS})


@pytest.mark.parametrize("residual", [True, False])
def test_equals_the_formula_in_numpy(residual):
    layer = FieldAttention(2, 3, residual)
    found = layer(VECTORS).numpy()
    query, key, value, *through = layer.get_weights()
    for b in range(3):
        heads = []
        for head in (slice(0, 3), slice(3, 6)):
            q, k, v = (VECTORS[b] @ kernel[:, head] for kernel in (query, key, value))
            mass = np.exp(q @ k.T)
            heads.append(mass / mass.sum(1, keepdims=True) @ v)
        expected = np.concatenate(heads, axis=1)
        if residual:
            expected = expected + VECTORS[b] @ through[0]
        np.testing.assert_allclose(found[b], np.maximum(expected, 0), atol=1e-5)


def test_the_order_of_the_fields_does_not_matter():
    layer = FieldAttention(2, 3)
    order = [3, 1, 0, 4, 2]
    np.testing.assert_allclose(
        layer(VECTORS[:, order]), layer(VECTORS).numpy()[:, order], atol=1e-6
    )


def test_large_products_in_half_precision():
    layer = FieldAttention(1, 4, dtype="mixed_float16")
    found = layer(300 * VECTORS).numpy()
    assert found.dtype == "float16" and np.isfinite(found).all()


@pytest.mark.parametrize("wrong", [{"num_heads": 0}, {"dim": 2.5}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} must be a whole number"):
        FieldAttention(**wrong)
