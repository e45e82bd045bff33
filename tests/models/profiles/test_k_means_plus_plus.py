import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from kerasrec.models.profiles.k_means_plus_plus import k_means_plus_plus


def test_planted_clusters_are_found_and_the_largest_is_first():
    rng = np.random.default_rng(0)
    planted = np.repeat([0, 1, 2, 3], [20, 50, 10, 40])
    middles = np.array([[0, 0], [9, 0], [0, 9], [9, 9.0]])
    clusters, centres = k_means_plus_plus(middles[planted] + rng.normal(0, 0.5, (120, 2)), 4)
    assert adjusted_rand_score(planted, clusters) == 1.0
    assert np.bincount(clusters).tolist() == [50, 40, 20, 10]
    np.testing.assert_allclose(centres, middles[[1, 3, 0, 2]], atol=0.6)


def test_as_close_as_scikit_learn():
    vectors = np.random.default_rng(1).normal(size=(300, 5))
    clusters, centres = k_means_plus_plus(vectors, 8)
    inertia = np.square(vectors - centres[clusters]).sum()
    theirs = KMeans(8, n_init=4, random_state=0).fit(vectors).inertia_
    assert inertia < 1.03 * theirs
    for cluster in range(8):
        mean = vectors[clusters == cluster].mean(axis=0)
        np.testing.assert_allclose(centres[cluster], mean, atol=1e-9)


def test_equal_vectors_and_as_many_clusters_as_vectors():
    assert k_means_plus_plus(np.ones((4, 2)), 2)[0].tolist() == [0, 0, 0, 0]
    assert sorted(k_means_plus_plus(np.arange(5.0)[:, None], 5)[0]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", [0, 7])
def test_the_seed_decides(seed):
    vectors = np.random.default_rng(2).normal(size=(50, 3))
    one, other = (k_means_plus_plus(vectors, 6, seed)[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)
