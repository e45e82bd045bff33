import numpy as np
import pytest
import scipy.special
import scipy.stats

from kerasrec.errors import InputError
from kerasrec.layers import BlendedScores

# Two parts, three queries, rows 0 and 1 are padding and unknown.
RNG = np.random.default_rng(0)
SCORES = [RNG.normal(size=(3, 9)).astype("float32"), RNG.random((3, 9)).astype("float32")]
REAL = [one[:, 2:].astype("float64") for one in SCORES]


def blended(how, weights=(0.7, 2.0)):
    layer = BlendedScores([False, True], 9, how)
    layer.part_weights.assign(np.reshape(weights, (1, 1, 2)))
    return np.array(layer(SCORES), "float64")[:, 2:]


@pytest.mark.parametrize("how", ["product", "reciprocal_rank"])
def test_layer_contract(check_layer, how):
    arguments = {"counted": [False, True], "num_items": 9, "how": how, "gated": True}
    lengths = np.array([1, 5, 9], "int32")
    check_layer(BlendedScores, arguments, {"scores": SCORES, "lengths": lengths})


def test_sum_equals_scipys_standard_scores():
    first, second = (scipy.stats.zscore(one, axis=1) for one in REAL)
    np.testing.assert_allclose(blended("sum"), 0.7 * first + 2.0 * second, rtol=1e-5, atol=1e-5)


def test_product_is_the_sum_of_log_probabilities():
    shares = REAL[1] + REAL[1].mean(axis=1, keepdims=True)
    shares /= shares.sum(axis=1, keepdims=True)
    expected = 0.7 * scipy.special.log_softmax(REAL[0], axis=1) + 2.0 * np.log(shares)
    np.testing.assert_allclose(blended("product"), expected, rtol=1e-5)


def test_reciprocal_rank_equals_scipys_ranks():
    tied = SCORES[1].copy()
    tied[:, 4:7] = tied[:, 4:5]
    layer = BlendedScores([False, True], 9, "reciprocal_rank")
    layer.part_weights.assign(np.reshape([0.7, 2.0], (1, 1, 2)))
    found = np.array(layer([SCORES[0], tied]), "float64")[:, 2:]
    ranks = [scipy.stats.rankdata(-one[:, 2:], method="min", axis=1) for one in (SCORES[0], tied)]
    expected = 0.7 * 61 / (60 + ranks[0]) + 2.0 * 61 / (60 + ranks[1])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("how", ["sum", "product", "reciprocal_rank"])
def test_a_part_of_equal_scores_changes_no_order(how):
    flat = np.full((3, 9), 1e4, "float32")
    layer = BlendedScores([False, False], 9, how)
    order = np.argsort(-np.array(layer([SCORES[0], flat]))[:, 2:], kind="stable")
    np.testing.assert_array_equal(order, np.argsort(-REAL[0]))


def test_counted_scores_of_nothing_are_finite():
    layer = BlendedScores([True], 9, "product")
    found = np.array(layer([np.zeros((1, 9), "float32")]))
    np.testing.assert_allclose(found[:, 2:], np.log(1 / 7), rtol=1e-5)


def test_gated_weights_are_those_of_the_length_and_of_the_item():
    layer = BlendedScores([False, False], 4, gated=True)
    weights = np.zeros((3, 3, 2))
    weights[0, 0], weights[0, 2], weights[2, 2] = (1, 0), (0, 1), (3, 0)
    layer.part_weights.assign(weights)
    layer.offsets.assign(np.array([[0, 0, 10], [0, 0, 0], [0, 0, 20]]))
    layer.length_edges.assign([2.0, 5.0])
    layer.item_groups.assign([0, 0, 0, 2])
    # Standardized, two scores are -1 and 1.
    rising, falling = np.array([[0, 0, 1.0, 2.0]] * 2), np.array([[0, 0, 2.0, 1.0]] * 2)
    found = np.array(layer([rising, falling], np.array([2, 6], "int32")))[:, 2:]
    # Length 2 is of the first group, 6 of the last.
    np.testing.assert_allclose(found, [[-1 + 0, -1 + 10], [0, 3 + 20]], atol=1e-5)
    shares = [np.array(one) for one in layer.shares([rising, falling], np.array([2, 6], "int32"))]
    np.testing.assert_allclose(sum(shares)[:, 3], [-1, 3], atol=1e-5)


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="how: expected one of sum, product.*got 'mean'"):
        BlendedScores([True], 9, "mean")
