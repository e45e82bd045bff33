"""The interval by hand, and how often it holds the truth."""

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.evaluation.clustered_ratio import clustered_ratio


def test_by_hand():
    """Sums of the groups: (1, 2), (1, 1), (0, 1); R = 1/2; residuals 0, 1/2, -1/2."""
    found = clustered_ratio([1.0, 0.0, 1.0, 0.0], 1.0, ["a", "a", "b", "c"])
    error = np.sqrt(3 / 2 * 0.5) / 4
    assert (found.value, found.error, found.clusters) == (0.5, pytest.approx(error), 3)
    assert found.high == pytest.approx(0.5 + 1.959964 * error)
    assert found.low == pytest.approx(0.5 - 1.959964 * error)


def test_a_mean_has_the_error_of_the_sample():
    x = np.random.default_rng(0).normal(size=50)
    assert clustered_ratio(x).error == pytest.approx(x.std(ddof=1) / np.sqrt(50))


def test_nothing_and_one_group():
    assert np.isnan(clustered_ratio([0.0], 0.0).value)
    one = clustered_ratio([1.0, 0.0], clusters=["a", "a"])
    assert one.value == 0.5 and np.isnan([one.error, one.low, one.high]).all()
    with pytest.raises(InputError, match="between 0 and 1.*got 1"):
        clustered_ratio([1.0], level=1)


def test_coverage_where_rows_of_a_group_are_alike():
    """Rates of users differ, so rows are no sample: clustered 95 %, by rows far below."""
    random, covered = np.random.default_rng(0), np.zeros(2)
    for _ in range(400):
        rates = random.beta(1, 9, 200)
        users = np.repeat(np.arange(200), random.integers(1, 40, 200))
        clicks = random.random(len(users)) < rates[users]
        for i, clusters in enumerate((users, None)):
            found = clustered_ratio(clicks, clusters=clusters)
            covered[i] += found.low < 0.1 < found.high
    assert 0.91 < covered[0] / 400 < 0.98
    assert covered[1] / 400 < 0.85
