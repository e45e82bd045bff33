import numpy as np

from kerasrec.layers import DotInteractions

VECTORS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")


def test_layer_contract(check_layer):
    check_layer(DotInteractions, {}, {"vectors": VECTORS})


def test_three_fields_by_hand():
    vectors = np.array([[[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]])
    assert DotInteractions()(vectors).numpy().tolist() == [[11.0, 2.0, 4.0]]


def test_rows_below_the_diagonal_in_order():
    expected = [
        [VECTORS[b, i] @ VECTORS[b, j] for i in range(5) for j in range(i)] for b in range(3)
    ]
    np.testing.assert_allclose(DotInteractions()(VECTORS), expected, rtol=1e-4, atol=1e-6)


def test_one_field_has_no_pair():
    assert DotInteractions()(VECTORS[:, :1]).shape == (3, 0)
