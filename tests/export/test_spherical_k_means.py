import numpy as np

from kerasrec.export import spherical_k_means as module
from kerasrec.export.spherical_k_means import spherical_k_means


def test_finds_planted_directions_whatever_the_lengths():
    generator = np.random.default_rng(0)
    directions = np.eye(6) * 5
    planted = generator.integers(0, 6, 900)
    vectors = directions[planted] + generator.normal(scale=0.3, size=(900, 6))
    vectors *= generator.uniform(0.1, 10, (900, 1))
    found = spherical_k_means(vectors.astype("float32"), 12)
    # More buckets than directions: each holds vectors of one direction alone.
    for bucket in np.unique(found):
        assert len(set(planted[found == bucket])) == 1


def test_zeros_are_allowed_and_vectors_are_read_a_few_at_a_time(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    vectors[::5] = 0
    whole = spherical_k_means(vectors, 10)
    assert whole.dtype == np.int32 and whole.min() >= 0 and whole.max() < 10
    assert len(set(whole[::5])) == 1
    monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 100)
    np.testing.assert_array_equal(spherical_k_means(vectors, 10), whole)


def test_is_the_same_every_time():
    vectors = np.random.default_rng(0).normal(size=(500, 4)).astype("float32")
    one, other, another = (spherical_k_means(vectors, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != another).any()
