import itertools

import numpy as np

from kerasrec.layers import PairwiseProducts

VECTORS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")


def test_layer_contract(check_layer):
    check_layer(PairwiseProducts, {}, {"vectors": VECTORS})


def test_three_fields_by_hand():
    vectors = np.array([[[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    # <a, b> + <a, c> + <b, c> = 11 + 2 + 4
    assert PairwiseProducts()(vectors).numpy().tolist() == [17.0, 0.0]


def test_equals_the_sum_over_all_pairs():
    pairs = itertools.combinations(range(5), 2)
    expected = sum((VECTORS[:, i] * VECTORS[:, j]).sum(-1) for i, j in pairs)
    np.testing.assert_allclose(PairwiseProducts()(VECTORS), expected, rtol=1e-4, atol=1e-5)


def test_one_field_has_no_pair():
    np.testing.assert_allclose(PairwiseProducts()(VECTORS[:, :1]), np.zeros(3), atol=1e-6)


def test_large_squares_in_half_precision():
    """300^2 is above the largest float16."""
    layer = PairwiseProducts(dtype="mixed_float16")
    assert layer(np.array([[[300.0], [1.0]]])).numpy().tolist() == [300.0]
