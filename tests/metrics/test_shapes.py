"""Every metric takes a column (n, 1) for (n,) and refuses what would be broadcast."""

import numpy as np
import pytest

from kerasrec import metrics
from kerasrec.errors import InputError

N = 4
LABELS, SCORES = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.2, 0.9, 0.4, 0.6])
HITS = np.array([[True, False], [False, False], [True, True], [False, True]])
ROWS = np.array([[2, 3], [3, 0], [2, 0], [3, 2]])
COUNTS = np.array([0.0, 0.0, 6.0, 2.0])
POINTWISE = ("rmse", "mae", "auc", "auc_variance", "log_loss", "cross_entropy", "accuracy")
pointwise = pytest.mark.parametrize("name", POINTWISE)
ranking = pytest.mark.parametrize("name", metrics.RANKING)
column, row, square = (N, 1), (1, N), (2, 2)


@pointwise
@pytest.mark.parametrize("y", [(N,), column], ids=str)
@pytest.mark.parametrize("x", [(N,), column], ids=str)
def test_single_column_is_flattened(name, y, x):
    metric = getattr(metrics, name)
    got = metric(LABELS.reshape(y), SCORES.reshape(x))
    np.testing.assert_array_equal(got, metric(LABELS, SCORES))


@pointwise
@pytest.mark.parametrize("wrong", [row, square], ids=str)
def test_wrong_shape_is_refused(name, wrong):
    metric = getattr(metrics, name)
    for y, x in ((wrong, (N,)), ((N,), wrong), (wrong, wrong)):
        with pytest.raises(InputError, match="two arrays of the same length"):
            metric(LABELS.reshape(y), SCORES.reshape(x))
    with pytest.raises(InputError, match="two arrays of the same length"):
        metric(LABELS, SCORES[:1])


@ranking
def test_ranking(name):
    metric, relevant = metrics.RANKING[name], np.array([1, 2, 3, 1])
    expected = metric(HITS, relevant, 2)
    assert expected.shape == (N,)
    np.testing.assert_array_equal(metric(HITS, relevant.reshape(column), 2), expected)
    for hits, wrong in ((HITS, relevant.reshape(row)), (HITS, relevant[:1]), (HITS[0], relevant)):
        with pytest.raises(InputError, match=r"expected hits \(queries, K\)"):
            metric(hits, wrong, 2)


@pytest.mark.parametrize("name", ["novelty", "average_popularity"])
def test_counts(name):
    metric = getattr(metrics, name)
    expected = metric(ROWS, COUNTS)
    np.testing.assert_array_equal(metric(ROWS, COUNTS.reshape(column)), expected)
    with pytest.raises(InputError, match="counts: expected one axis"):
        metric(ROWS, COUNTS.reshape(row))
    with pytest.raises(InputError, match=r"recommended: expected \(queries, k\)"):
        metric(ROWS[0], COUNTS)


def test_popularity_lift_coverage_and_diversity():
    expected = metrics.popularity_lift(SCORES, LABELS + 1)
    assert metrics.popularity_lift(SCORES.reshape(column), LABELS.reshape(column) + 1) == expected
    with pytest.raises(InputError, match=r"shapes \(4,\) and \(1,\)"):
        metrics.popularity_lift(SCORES, [1.0])
    with pytest.raises(InputError, match="recommended: expected"):
        metrics.coverage(ROWS[0], 4)
    with pytest.raises(InputError, match="recommended: expected"):
        metrics.diversity(ROWS[0], np.eye(4), ks=(2,))
