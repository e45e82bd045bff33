import numpy as np
import pytest
from sklearn.cluster import KMeans

from kerasrec.export.search import k_means as module
from kerasrec.export.search.k_means import k_means


@pytest.fixture(scope="module")
def planted():
    """Vectors around six far corners, and the corner of each."""
    generator = np.random.default_rng(0)
    corner = generator.integers(0, 6, 900)
    vectors = 5 * np.eye(6)[corner] + generator.normal(scale=0.3, size=(900, 6))
    return vectors.astype("float32"), corner


def test_finds_planted_corners(planted):
    vectors, corner = planted
    found = k_means(vectors, 12)
    # More buckets than corners: each holds vectors of one corner alone.
    for bucket in np.unique(found):
        assert len(set(corner[found == bucket])) == 1


def test_is_about_as_near_as_that_of_scikit_learn():
    vectors = np.random.default_rng(1).normal(size=(2000, 4)).astype("float32")

    def apart(bucket):
        inside = [vectors[bucket == n] for n in np.unique(bucket)]
        return sum(np.square(part - part.mean(axis=0)).sum() for part in inside)

    # It takes fewer rounds, from a random start, and from a sample.
    theirs = KMeans(30, n_init=1, random_state=0).fit(vectors).inertia_
    assert apart(k_means(vectors, 30)) < 1.1 * theirs


def test_a_few_vectors_at_a_time_and_equal_ones(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    vectors[::5] = 0
    whole = k_means(vectors, 10)
    assert whole.dtype == np.int32 and whole.min() >= 0 and whole.max() < 10
    assert len(set(whole[::5])) == 1
    monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 100)
    np.testing.assert_array_equal(k_means(vectors, 10), whole)


def test_is_the_same_every_time():
    vectors = np.random.default_rng(0).normal(size=(500, 4)).astype("float32")
    one, other, another = (k_means(vectors, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != another).any()
