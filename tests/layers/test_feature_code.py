import types

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import FeatureCode

FEATURES = [
    {"name": "genre", "kind": "category", "size": 5, "length": 1},
    {"name": "title", "kind": "text", "size": 9, "length": 3},
    {"name": "year", "kind": "number", "size": 1, "length": 1},
    {"name": "image", "kind": "vector", "size": 2, "length": 1},
]
COLUMNS = {
    "genre": np.array([2, 2, 3, 0, 3]),
    "title": np.array([[2, 3, 0], [2, 4, 3], [6, 4, 2], [8, 0, 0], [8, 0, 0]]),
    "year": np.array([0.5, -1.0, 2.0, 0.0, 0.0], "float32"),
    "image": np.array([[3, 4], [0, 5], [0, 0], [0, 0], [0, 0]], "float32"),
}


def by_hand():
    """X of the class docstring, a dense row an item."""
    twice, thrice = 1 + np.log(6 / 3), 1 + np.log(6 / 4)
    idf = {"genre": {2: twice, 3: twice}, "title": {2: thrice, 3: twice, 4: twice, 8: twice, 6: 0}}
    rows = np.zeros((5, 5 + 9 + 1 + 2))
    for item in range(5):
        for start, name in ((0, "genre"), (5, "title")):
            words = [w for w in np.atleast_1d(COLUMNS[name][item]) if w]
            for word in words:
                rows[item, start + word] = idf[name][word]
            norm = np.linalg.norm(rows[item, start : start + (5 if name == "genre" else 9)])
            rows[item, start : start + (5 if name == "genre" else 9)] /= norm or 1
    rows[:, 14] = COLUMNS["year"]
    rows[:, 15:] = COLUMNS["image"] / 5  # both vectors there are of length 5
    return rows


@pytest.mark.parametrize("method", [{}, {"method": "autoencoder"}])
def test_layer_contract(method, check_layer):
    check_layer(FeatureCode, {"features": FEATURES, "dim": 3, **method}, {"features": COLUMNS})


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_reconstruction_is_optimal(dim):
    code = FeatureCode(FEATURES, dim)
    code.adapt(COLUMNS)
    left, values, _ = np.linalg.svd(by_hand())
    best = left[:, :dim] * values[:dim]
    best /= np.sqrt(np.mean(np.sum(best**2, axis=1)))
    found = code(COLUMNS).numpy()
    # Components are known up to their sign; dot products do not see it.
    np.testing.assert_allclose(found @ found.T, best @ best.T, atol=1e-5)


def test_components_beyond_the_rank_are_zeros():
    code = FeatureCode(FEATURES, 40)
    code.adapt(COLUMNS)
    found = code(COLUMNS).numpy()
    rows = by_hand()
    ratio = np.trace(found @ found.T) / np.trace(rows @ rows.T)
    np.testing.assert_allclose(found @ found.T, rows @ rows.T * ratio, atol=1e-5)
    assert not found[:, 5:].any()


def test_codes_of_the_autoencoder_are_bounded_and_of_mean_square_length_one():
    code = FeatureCode(FEATURES, 3, "autoencoder")
    code.adapt(COLUMNS)
    found = code(COLUMNS).numpy()
    assert np.mean(np.sum(found**2, axis=1)) == pytest.approx(1, rel=1e-5)
    assert (np.abs(found) <= float(code.scale)).all()


@pytest.mark.parametrize("method", ["components", "autoencoder"])
def test_items_without_features_and_words_never_learned_are_zeros(method):
    code = FeatureCode(FEATURES[:2], 3, method)
    code.adapt({name: COLUMNS[name][:2] for name in ("genre", "title")})
    empty = {"genre": np.array([0, 4]), "title": np.array([[0, 0, 0], [8, 7, 0]])}
    assert not code(empty).numpy().any()


def test_no_items_give_a_code_of_zeros():
    code = FeatureCode(FEATURES[:1], 2)
    code.adapt({"genre": np.zeros(3, "int32")})
    assert not code({"genre": np.array([2])}).numpy().any()


def test_new_words_are_forgotten_and_old_ones_kept():
    code = FeatureCode(FEATURES, 2)
    code.adapt(COLUMNS)
    before = code(COLUMNS).numpy()
    old = [types.SimpleNamespace(name=f["name"], size=f["size"]) for f in FEATURES]
    old[1].size = 8  # title: word 8 is new
    code.forget_words_beyond(old)
    after = code(COLUMNS).numpy()
    np.testing.assert_array_equal(after[:3], before[:3])
    assert before[3].any() and not after[3].any()


def test_bad_arguments():
    with pytest.raises(InputError, match="at least one feature"):
        FeatureCode([], 3)
    with pytest.raises(InputError, match="dim: expected a whole number from 1, received 0"):
        FeatureCode(FEATURES, 0)
    with pytest.raises(InputError, match="method: expected one of components, autoencoder"):
        FeatureCode(FEATURES, 2, "lsa")


def test_a_weight_is_how_many_times_a_feature_counts():
    weights = {"genre": 4.0, "year": 0.0}
    code = FeatureCode(FEATURES, 5, feature_weights=weights)
    code.adapt(COLUMNS)
    rows = by_hand()
    rows[:, :5] *= 2.0
    rows[:, 14] = 0.0
    found, right = np.asarray(code(COLUMNS)), rows @ rows.T
    # Five items have at most five directions, so nothing of their products is lost.
    np.testing.assert_allclose(found @ found.T, right / np.trace(right) * 5, atol=1e-5)


@pytest.mark.parametrize(
    "weights,match",
    [({"gener": 1.0}, "no feature 'gener'"), ({"genre": -1.0}, "at least 0, got -1.0"),
     ({"genre": float("nan")}, "at least 0"), ({"genre": True}, "at least 0"),
     (["genre"], "expected a dict")],
)  # fmt: skip
def test_a_weight_that_makes_no_sense_is_refused(weights, match):
    with pytest.raises(InputError, match=match):
        FeatureCode(FEATURES, 2, feature_weights=weights)
