import numpy as np
import pytest
from sklearn.cluster import KMeans

from kerasrec.export.search import k_means as module
from kerasrec.export.search.k_means import k_means


@pytest.fixture(scope="module")
def planted():
    """Vectors around six distant corners, and the corner of each vector."""
    generator = np.random.default_rng(0)
    corner = generator.integers(0, 6, 900)
    vectors = 5 * np.eye(6)[corner] + generator.normal(scale=0.3, size=(900, 6))
    return vectors.astype("float32"), corner


def test_finds_planted_corners(planted):
    vectors, corner = planted
    found = k_means(vectors, 12)
    # With more buckets than corners, each bucket has vectors of one corner only.
    for bucket in np.unique(found):
        assert len(set(corner[found == bucket])) == 1


def test_distances_are_close_to_those_of_scikit_learn():
    vectors = np.random.default_rng(1).normal(size=(2000, 4)).astype("float32")

    def inertia(bucket):
        inside = [vectors[bucket == n] for n in np.unique(bucket)]
        return sum(np.square(part - part.mean(axis=0)).sum() for part in inside)

    # Ours uses fewer rounds, a random start and a sample.
    theirs = KMeans(30, n_init=1, random_state=0).fit(vectors).inertia_
    assert inertia(k_means(vectors, 30)) < 1.1 * theirs


def test_chunks_and_duplicates_give_the_same_buckets(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    vectors[::5] = 0
    whole = k_means(vectors, 10)
    assert whole.dtype == np.int32 and whole.min() >= 0 and whole.max() < 10
    assert len(set(whole[::5])) == 1
    monkeypatch.setattr(module, "MAX_FLOATS", 100)
    np.testing.assert_array_equal(k_means(vectors, 10), whole)


def test_the_seed_determines_the_buckets():
    vectors = np.random.default_rng(0).normal(size=(500, 4)).astype("float32")
    one, other, another = (k_means(vectors, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != another).any()
