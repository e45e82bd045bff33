import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.metrics.pairwise import cosine_similarity

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models.neighbours import similarity
from kerasrec.models.neighbours.similarity import (
    SIMILARITIES,
    cosine_blocks,
    interaction_matrix,
    nearest,
    rating_similarities,
    transposed,
)


@pytest.fixture(params=["one block", "many blocks"])
def block_size(request, monkeypatch):
    if request.param == "many blocks":
        monkeypatch.setattr(similarity, "BLOCK_SIZE", 25)


def as_sparse(ratings):
    """CSR of a dense matrix with NaN for missing ratings; a 0 is a rating of 0."""
    rows, columns = np.nonzero(~np.isnan(ratings))
    return scipy.sparse.csr_matrix((ratings[rows, columns], (rows, columns)), shape=ratings.shape)


def random_ratings(rows=12, columns=9):
    rng = np.random.default_rng(0)
    ratings = rng.integers(-2, 6, (rows, columns)) / 2
    ratings[rng.random(ratings.shape) < 0.4] = np.nan
    ratings[3] = np.nan
    ratings[4], ratings[5] = 2.0, 0.1
    return ratings


def expected(ratings, kind):
    """The formulas of `rating_similarities`, one pair after another."""
    if kind == "adjusted_cosine":
        ratings = ratings - np.nanmean(ratings, axis=0)
    found, common = np.zeros((len(ratings),) * 2), np.zeros((len(ratings),) * 2)
    for a in range(len(ratings)):
        for b in range(len(ratings)):
            both = ~np.isnan(ratings[a]) & ~np.isnan(ratings[b])
            common[a, b] = both.sum()
            x, y = ratings[a, both], ratings[b, both]
            if a == b or not len(x):
                continue
            if kind == "pearson":
                x, y = x - x.mean(), y - y.mean()
            if kind == "msd":
                found[a, b] = 1 / (1 + np.mean((x - y) ** 2))
            elif min(np.abs(x).max(), np.abs(y).max()) > 1e-6:
                found[a, b] = x @ y / np.sqrt((x @ x) * (y @ y))
    return found, common


@pytest.mark.parametrize("shrinkage", [0, 0.5, 7.0])
@pytest.mark.parametrize("kind", SIMILARITIES)
def test_rating_similarities_follow_the_formulas(kind, shrinkage, block_size):
    ratings = random_ratings()
    found, common = expected(ratings, kind)
    shrunk = found * common / np.maximum(common + shrinkage, 1)
    ours = rating_similarities(as_sparse(ratings), kind, shrinkage)
    assert ours.dtype == "float32"
    np.testing.assert_allclose(ours, shrunk, atol=1e-6)


def test_pearson_agrees_with_pandas(block_size):
    ratings = random_ratings(40, 25)
    theirs = pd.DataFrame(ratings.T).corr(min_periods=2).to_numpy(copy=True)
    np.fill_diagonal(theirs, 0.0)
    np.testing.assert_allclose(
        rating_similarities(as_sparse(ratings), "pearson", 0.0), np.nan_to_num(theirs), atol=1e-6
    )


def test_cosine_of_full_rows_agrees_with_scikit_learn(block_size):
    ratings = np.random.default_rng(0).normal(size=(14, 6))
    theirs = cosine_similarity(ratings)
    np.fill_diagonal(theirs, 0.0)
    np.testing.assert_allclose(
        rating_similarities(as_sparse(ratings), "cosine", 0.0), theirs, atol=1e-6
    )


def test_cosine_blocks_agree_with_scikit_learn(block_size):
    matrix = (np.random.default_rng(0).random((14, 6)) < 0.4).astype("float64")
    matrix[5] = 0
    theirs = cosine_similarity(matrix)
    np.fill_diagonal(theirs, 0.0)
    ours = np.concatenate(
        [block for _, block in cosine_blocks(scipy.sparse.csr_matrix(matrix), 0.0)]
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_columns_multiplied_as_dense_ones_give_the_same(block_size, monkeypatch):
    matrix = (np.random.default_rng(0).random((30, 9)) < 0.2).astype("float64")
    matrix[:, [2, 5]] = 0.5
    matrix[7] = 0
    monkeypatch.setattr(similarity, "FULL", 20)
    sparse, full = similarity._without_full_columns(scipy.sparse.csr_matrix(matrix, dtype="f4"))
    assert sparse.shape == (30, 7) and full.shape == (30, 2)
    theirs = cosine_similarity(matrix)
    np.fill_diagonal(theirs, 0.0)
    ours = cosine_blocks(scipy.sparse.csr_matrix(matrix), 0.0)
    np.testing.assert_allclose(np.concatenate([block for _, block in ours]), theirs, atol=1e-6)


def test_largest_entries_by_a_loop(block_size):
    rng = np.random.default_rng(0)
    matrix = rng.integers(-9, 10, (11, 30)) * (rng.random((11, 30)) < 0.6)
    rows, columns = np.nonzero(matrix)
    shuffled = rng.permutation(len(rows))
    entries = rows[shuffled], columns[shuffled], matrix[rows, columns][shuffled]
    ours = similarity.largest_entries(*entries, size=11, keep=5)
    for row in range(11):
        own = sorted(np.flatnonzero(matrix[row]), key=lambda j: (-abs(matrix[row, j]), j))[:5]
        assert ours[0][row].tolist() == own + [0] * (5 - len(own))
        assert ours[1][row].tolist() == [*matrix[row, own], *[0] * (5 - len(own))]


def test_cosine_blocks_by_hand():
    matrix = scipy.sparse.csr_matrix([[1.0, 1, 1, 1], [0, 0, 1, 0]])
    ((_, block),) = cosine_blocks(matrix, 3.0)
    np.testing.assert_allclose(block, [[0, 1 / (2 + 3)], [1 / (2 + 3), 0]], rtol=1e-6)


def test_transposed_by_hand():
    # 0 is a neighbour of 1 and 2; 3 is a neighbour of 0 and 1, more strongly of 1 (-0.9).
    columns = np.array([[3, 2], [0, 3], [0, 0], [1, 0]])
    values = np.array([[0.5, 0.3], [0.7, -0.9], [0.8, 0.0], [0.2, 0.0]])
    rows, weights = transposed(columns, values, 2)
    np.testing.assert_array_equal(rows, [[2, 1], [3, 0], [0, 0], [1, 0]])
    np.testing.assert_allclose(weights, [[0.8, 0.7], [0.2, 0], [0.3, 0], [-0.9, 0.5]])
    rows, weights = transposed(columns, values, 1)
    assert rows.ravel().tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize("kind", SIMILARITIES)
def test_equal_ratings_and_rows_without_common_columns(kind):
    ratings = np.full((5, 4), np.nan)
    ratings[0, :2], ratings[1, :2], ratings[2:4, 2:] = 3.3, 3.3, 1.7
    ours = rating_similarities(as_sparse(ratings), kind, 0.0)
    equal = 0.0 if kind in ("pearson", "adjusted_cosine") else 1.0
    common = np.zeros((5, 5))
    common[[0, 1, 2, 3], [1, 0, 3, 2]] = equal
    np.testing.assert_allclose(ours, common, atol=1e-6)


def test_the_last_interaction_of_a_pair_is_kept_in_time_order():
    frame = pd.DataFrame(
        {"user": list("abab"), "item": list("xyxx"), "value": [1, 2, 3, 4], "timestamp": range(4)}
    )
    data = Interactions.from_frame(frame)
    kept = similarity.last_interactions(data)
    assert kept.tolist() == [1, 2, 3]
    data = data.select(kept)
    by_item = interaction_matrix(data, "item", data.value).toarray()
    assert by_item[2:, 2:].tolist() == [[3, 4], [0, 2]]
    np.testing.assert_array_equal(interaction_matrix(data, "user", data.value).toarray(), by_item.T)


def test_nearest_are_the_largest_by_absolute_value():
    block = np.array([[0.0, -3, 1, 2], [0, 0, 0, 0.5]], "float32")
    columns, values = nearest([(slice(0, 2), block)], 2, 2)
    assert dict(zip(columns[0].tolist(), values[0].tolist(), strict=True)) == {1: -3, 3: 2}
    assert sorted(columns[1].tolist()) == [0, 3] and sorted(values[1].tolist()) == [0, 0.5]


@pytest.mark.parametrize("kind,shrinkage", [("jaccard", 0), (None, 0), ("cosine", -1)])
def test_wrong_arguments_are_refused(kind, shrinkage):
    with pytest.raises(InputError, match="expected"):
        similarity.check_similarity(kind, shrinkage)
