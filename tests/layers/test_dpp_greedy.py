import itertools

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import DPPGreedy

RNG = np.random.default_rng(0)
ROWS = np.tile(np.arange(2, 9, dtype="int32"), (2, 1))
SCORES = RNG.random((2, 7)).astype("float32")
VECTORS = RNG.normal(size=(2, 7, 4)).astype("float32")
BRAND = RNG.integers(2, 4, (2, 7)).astype("int32")


def kernel(scores, vectors, weight):
    """L of the paper, whose probabilities the layer's values are the logs of, over `weight`."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    quality = np.exp((1 - weight) / (2 * weight) * scores)
    return quality[:, None] * (units @ units.T) * quality


def test_layer_contract(check_layer):
    check_layer(
        DPPGreedy,
        {"k": 3, "weight": 0.6, "max_per": [2]},
        {"rows": ROWS, "scores": SCORES, "features": VECTORS, "groups": [BRAND]},
    )


@pytest.mark.parametrize("weight", [0.2, 0.5, 0.9])
def test_every_step_has_the_largest_determinant_by_brute_force(weight):
    found = np.array(DPPGreedy(4, weight)(ROWS, SCORES, VECTORS)["rows"]) - 2
    for query in range(2):
        matrix = kernel(SCORES[query].astype("float64"), VECTORS[query], weight)
        chosen = []
        for _ in range(4):
            rest = [i for i in range(7) if i not in chosen]
            value = {i: np.linalg.det(matrix[np.ix_([*chosen, i], [*chosen, i])]) for i in rest}
            chosen.append(max(value, key=value.get))
        assert found[query].tolist() == chosen


def test_the_most_likely_list_of_a_tiny_set():
    # Nearly orthogonal pairs: here the greedy list is the best of all lists of two.
    scores = np.array([[0.9, 0.8, 0.7]])
    vectors = np.array([[[1.0, 0.0], [1.0, 0.05], [0.05, 1.0]]])
    matrix = kernel(scores[0], vectors[0], 0.5)
    pairs = itertools.combinations(range(3), 2)
    best = max(pairs, key=lambda pair: np.linalg.det(matrix[np.ix_(pair, pair)]))
    found = DPPGreedy(2, 0.5)(np.array([[2, 3, 4]]), scores, vectors)["rows"]
    assert tuple(np.array(found)[0] - 2) == best == (0, 2)


def test_once_the_space_is_full_the_scores_decide():
    rows, scores = np.array([[2, 3, 4, 5, 6]]), np.array([[1.0, 0.9, 0.8, 0.7, 0.6]])
    vectors = np.array([[[1.0, 0], [1.0, 0], [1.0, 0], [0, 1.0], [0, 1.0]]])
    found = DPPGreedy(5, 0.5)(rows, scores, vectors)
    assert np.array(found["rows"]).tolist() == [[2, 5, 3, 4, 6]]


def test_weight_0_is_the_order_of_the_scores():
    found = np.array(DPPGreedy(7, 0.0)(ROWS, SCORES, VECTORS)["rows"]) - 2
    assert found.tolist() == np.argsort(-SCORES, axis=1).tolist()


def test_values_of_a_category():
    rows, scores = np.array([[2, 3, 4]]), np.array([[1.0, 0.9, 0.1]])
    found = DPPGreedy(3, 0.5)(rows, scores, np.array([[2, 2, 3]]))
    assert np.array(found["rows"]).tolist() == [[2, 4, 3]]


def test_wrong_arguments():
    with pytest.raises(InputError, match="weight: expected a number from 0 to 1, received -0.1"):
        DPPGreedy(3, -0.1)
