import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from kerasrec.metrics import (
    average_popularity,
    beyond,
    coverage,
    diversity,
    novelty,
    popularity_lift,
)


def test_coverage_counts_real_items_once():
    assert coverage([[2, 3, 0], [3, 5, 1]], num_items=6) == 0.5
    assert coverage(np.zeros((4, 2), int), num_items=6) == 0.0


def test_novelty_of_equally_popular_items_is_the_log_of_their_number():
    counts = np.r_[0, 0, np.full(8, 5)]
    np.testing.assert_allclose(novelty([[2, 3], [9, 0]], counts), [3.0, 3.0])


def test_novelty_of_an_item_without_interactions_is_finite_and_highest():
    found = novelty([[2], [3], [4]], counts=[0, 0, 7, 1, 0])
    np.testing.assert_allclose(found, [np.log2(8 / 7), 3.0, 3.0])


def test_empty_list_is_nan():
    empty = np.zeros((1, 3), int)
    assert np.isnan(novelty(empty, [0, 0, 1])).all()
    assert np.isnan(average_popularity(empty, [0, 0, 1])).all()
    assert np.isnan(diversity(empty, np.ones((3, 2)), [3])).all()


def test_popularity_lift_worked_by_hand():
    # recommended 10, 30 on average 20; chosen 5 and 3 on average 4: five times as popular
    assert popularity_lift([10.0, 30.0], [5.0, 3.0]) == 4.0
    assert popularity_lift([10.0, np.nan, 30.0], [5.0, 1.0, 3.0]) == 4.0
    assert np.isnan(popularity_lift([np.nan], [1.0]))


@pytest.mark.parametrize("block", [1, 1 << 24])
def test_diversity_is_one_minus_the_mean_cosine_of_all_pairs(monkeypatch, block):
    monkeypatch.setattr(beyond, "_GATHERED_NUMBERS", block)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 6))
    lists = np.stack([rng.permutation(np.arange(2, 20))[:5] for _ in range(7)])
    found = diversity(lists, vectors, ks=(5, 2, 3))
    assert found.shape == (7, 3)
    for column, k in enumerate((5, 2, 3)):
        alike = [cosine_similarity(vectors[x[:k]])[np.triu_indices(k, 1)].mean() for x in lists]
        np.testing.assert_allclose(found[:, column], 1 - np.array(alike), rtol=1e-5)


def test_diversity_reads_recommended_rows_only():
    class Vectors:
        shape = (10**9, 2)

        def __getitem__(self, rows):
            assert rows.tolist() == [0, 7, 10**8]
            return np.array([[5, 5], [2, 0], [0, 3]])

    assert diversity([[7, 10**8], [7, 0]], Vectors(), [2])[0, 0] == 1.0


def test_diversity_ignores_padding_and_zero_vectors():
    vectors = np.array([[9, 9], [9, 9], [1, 0], [0, 1], [0, 0]], dtype="float64")
    found = diversity([[2, 3, 4, 0, 1], [2, 4, 0, 0, 0], [2, 2, 0, 0, 0]], vectors, [5])
    np.testing.assert_allclose(found[:, 0], [1.0, np.nan, 0.0], atol=1e-7)
    assert vectors[0, 0] == 9  # the caller's array is not touched
