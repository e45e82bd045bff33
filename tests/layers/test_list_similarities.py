import numpy as np
import pytest
import scipy.sparse

from kerasrec.layers.list_similarities import list_similarities
from kerasrec.models.neighbours.similarity import SIMILARITIES, rating_similarities

USERS, ITEMS = 12, 9


def lists_of(table):
    """Rows of the raters of each item and their ratings, padded with 0: `(1, ITEMS, USERS)`."""
    rows, values = np.zeros((2, 1, ITEMS, USERS))
    for item in range(ITEMS):
        raters = np.flatnonzero(~np.isnan(table[:, item]))
        rows[0, item, : len(raters)] = raters
        values[0, item, : len(raters)] = table[raters, item]
    return rows.astype("int32"), values.astype("float32")


@pytest.mark.parametrize("shrinkage", [0.0, 3.0])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_they_are_those_of_the_whole_matrix(similarity, shrinkage):
    rng = np.random.default_rng(0)
    table = rng.integers(1, 6, (USERS, ITEMS)).astype("float64")
    table[rng.random(table.shape) < 0.5] = np.nan
    table[0] = np.nan  # padding
    table[3, ~np.isnan(table[3])] = 4.0  # nothing to correlate
    users, items = np.nonzero(~np.isnan(table))
    matrix = scipy.sparse.csr_matrix((table[users, items], (users, items)), shape=table.shape)
    right = rating_similarities(matrix, similarity, shrinkage)
    for user in range(1, USERS):
        given = table[user : user + 1].astype("float32")
        found = list_similarities(given, *lists_of(table), USERS, similarity, shrinkage)
        found = np.array(found)[0]
        found[user] = 0.0  # in the matrix nobody is their own neighbour
        np.testing.assert_allclose(found, right[user], atol=2e-6)


def test_a_correlation_by_hand():
    # Of user 1 the differences from the mean are -1, 0, 1; of user 2 1, 0, -1; user 3 is level.
    rows = np.tile([1, 2, 3], (1, 3, 1)).astype("int32")
    values = np.array([[[1, 3, 2.3], [2, 2, 2.3], [3, 1, 2.3]]], "float32")
    given = np.array([[2.0, 3.0, 4.0]], "float32")
    found = np.array(list_similarities(given, rows, values, 4, "pearson", 0.0))
    np.testing.assert_allclose(found, [[0, 1, -1, 0]], atol=1e-6)
