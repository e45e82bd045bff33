import numpy as np
import pytest

from kerasrec.layers.item_cosines import ItemCosines


def to(features, places):
    chosen = np.arange(features.shape[1]) == np.array(places)[:, None]
    return np.array(ItemCosines(features).to(chosen))


def test_vectors_equal_numpy():
    vectors = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    units = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    found = to(vectors, [4, 1])
    expected = [units[0] @ units[0, 4], units[1] @ units[1, 1]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_vector_of_zeros_has_cosine_0():
    vectors = np.array([[[0.0, 0.0], [3.0, 0.0]]])
    assert to(vectors, [0]).tolist() == [[0.0, 0.0]]
    assert to(vectors, [1]).tolist() == [[0.0, 1.0]]


def test_one_value_an_item_is_equal_or_not():
    # 0 is no value and 1 an unknown one: unlike everything, themselves as well.
    brand = np.array([[2, 3, 2, 0, 1, 1]])
    assert to(brand, [0]).tolist() == [[1, 0, 1, 0, 0, 0]]
    assert to(brand, [4]).tolist() == [[0, 0, 0, 0, 0, 0]]


def test_several_values_by_hand():
    genres = np.array([[[2, 3, 0], [3, 0, 0], [2, 3, 4], [5, 1, 0]]])
    found = to(genres, [0])
    # one in common of 2 and 1; two of 2 and 3; none
    assert found[0] == pytest.approx([1, 1 / np.sqrt(2), 2 / np.sqrt(6), 0])
