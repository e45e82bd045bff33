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
    agreements,
    nearest,
    overlaps,
    pair_table,
    turned,
)


@pytest.fixture(params=["one block", "many blocks"])
def some_blocks(request, monkeypatch):
    if request.param == "many blocks":
        monkeypatch.setattr(similarity, "NUMBERS_AT_ONCE", 25)


def table(rated):
    """CSR of a dense table with NaN where nothing is rated; a 0 in it is a rating."""
    rows, columns = np.nonzero(~np.isnan(rated))
    return scipy.sparse.csr_matrix((rated[rows, columns], (rows, columns)), shape=rated.shape)


def random_ratings(rows=12, columns=9):
    rng = np.random.default_rng(0)
    rated = rng.integers(-2, 6, (rows, columns)) / 2
    rated[rng.random(rated.shape) < 0.4] = np.nan
    rated[3] = np.nan
    rated[4], rated[5] = 2.0, 0.1
    return rated


def expected(rated, kind):
    """One pair after another, as the docstring says it."""
    if kind == "adjusted_cosine":
        rated = rated - np.nanmean(rated, axis=0)
    found, together = np.zeros((len(rated),) * 2), np.zeros((len(rated),) * 2)
    for a in range(len(rated)):
        for b in range(len(rated)):
            both = ~np.isnan(rated[a]) & ~np.isnan(rated[b])
            together[a, b] = both.sum()
            x, y = rated[a, both], rated[b, both]
            if a == b or not len(x):
                continue
            if kind == "pearson":
                x, y = x - x.mean(), y - y.mean()
            if kind == "msd":
                found[a, b] = 1 / (1 + np.mean((x - y) ** 2))
            elif min(np.abs(x).max(), np.abs(y).max()) > 1e-6:
                found[a, b] = x @ y / np.sqrt((x @ x) * (y @ y))
    return found, together


@pytest.mark.parametrize("shrinkage", [0, 0.5, 7.0])
@pytest.mark.parametrize("kind", SIMILARITIES)
def test_agreements_are_those_of_the_pairs(kind, shrinkage, some_blocks):
    rated = random_ratings()
    found, together = expected(rated, kind)
    shrunk = found * together / np.maximum(together + shrinkage, 1)
    ours = agreements(table(rated), kind, shrinkage)
    assert ours.dtype == "float32"
    np.testing.assert_allclose(ours, shrunk, atol=1e-6)


def test_pearson_is_that_of_pandas(some_blocks):
    rated = random_ratings(40, 25)
    theirs = pd.DataFrame(rated.T).corr(min_periods=2).to_numpy(copy=True)
    np.fill_diagonal(theirs, 0.0)
    np.testing.assert_allclose(
        agreements(table(rated), "pearson", 0.0), np.nan_to_num(theirs), atol=1e-6
    )


def test_cosine_of_full_rows_is_that_of_scikit_learn(some_blocks):
    rated = np.random.default_rng(0).normal(size=(14, 6))
    theirs = cosine_similarity(rated)
    np.fill_diagonal(theirs, 0.0)
    np.testing.assert_allclose(agreements(table(rated), "cosine", 0.0), theirs, atol=1e-6)


def test_overlaps_are_the_cosines_of_scikit_learn(some_blocks):
    taken = (np.random.default_rng(0).random((14, 6)) < 0.4).astype("float64")
    taken[5] = 0
    theirs = cosine_similarity(taken)
    np.fill_diagonal(theirs, 0.0)
    ours = np.concatenate([block for _, block in overlaps(scipy.sparse.csr_matrix(taken), 0.0)])
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_overlap_by_hand():
    taken = scipy.sparse.csr_matrix([[1.0, 1, 1, 1], [0, 0, 1, 0]])
    ((_, block),) = overlaps(taken, 3.0)
    np.testing.assert_allclose(block, [[0, 1 / (2 + 3)], [1 / (2 + 3), 0]], rtol=1e-6)


def test_turned_by_hand():
    # 0 is nearest to 1 and 2; of the two links that 3 has, the stronger is -0.9.
    columns = np.array([[3, 2], [0, 3], [0, 0], [1, 0]])
    values = np.array([[0.5, 0.3], [0.7, -0.9], [0.8, 0.0], [0.2, 0.0]])
    rows, weights = turned(columns, values, 2)
    np.testing.assert_array_equal(rows, [[2, 1], [3, 0], [0, 0], [1, 0]])
    np.testing.assert_allclose(weights, [[0.8, 0.7], [0.2, 0], [0.3, 0], [-0.9, 0.5]])
    rows, weights = turned(columns, values, 1)
    assert rows.ravel().tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize("kind", SIMILARITIES)
def test_equal_ratings_and_parts_that_never_meet_are_no_error(kind):
    rated = np.full((5, 4), np.nan)
    rated[0, :2], rated[1, :2], rated[2:4, 2:] = 3.3, 3.3, 1.7
    ours = agreements(table(rated), kind, 0.0)
    alike = 0.0 if kind in ("pearson", "adjusted_cosine") else 1.0
    together = np.zeros((5, 5))
    together[[0, 1, 2, 3], [1, 0, 3, 2]] = alike
    np.testing.assert_allclose(ours, together, atol=1e-6)


def test_the_last_of_equal_pairs_counts_and_time_order_stays():
    frame = pd.DataFrame(
        {"user": list("abab"), "item": list("xyxx"), "value": [1, 2, 3, 4], "timestamp": range(4)}
    )
    data = Interactions.from_frame(frame)
    kept = similarity.last_of_pairs(data)
    assert kept.tolist() == [1, 2, 3]
    data = data.select(kept)
    by_item = pair_table(data, "item", data.value).toarray()
    assert by_item[2:, 2:].tolist() == [[3, 4], [0, 2]]
    np.testing.assert_array_equal(pair_table(data, "user", data.value).toarray(), by_item.T)


def test_nearest_are_the_largest_by_absolute_value():
    block = np.array([[0.0, -3, 1, 2], [0, 0, 0, 0.5]], "float32")
    columns, values = nearest([(slice(0, 2), block)], 2, 2)
    assert dict(zip(columns[0].tolist(), values[0].tolist(), strict=True)) == {1: -3, 3: 2}
    assert sorted(columns[1].tolist()) == [0, 3] and sorted(values[1].tolist()) == [0, 0.5]


@pytest.mark.parametrize("kind,shrinkage", [("jaccard", 0), (None, 0), ("cosine", -1)])
def test_what_there_is_none_of_is_refused(kind, shrinkage):
    with pytest.raises(InputError, match="expected"):
        similarity.check_similarity(kind, shrinkage)
