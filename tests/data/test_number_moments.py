import numpy as np
import pytest

from kerasrec.data import number_moments
from kerasrec.data.number_moments import moments


@pytest.mark.parametrize("block", [3, 100])
def test_mean_and_deviation_of_what_is_not_missing(monkeypatch, block):
    monkeypatch.setattr(number_moments, "BLOCK", block)
    numbers = np.random.default_rng(0).normal(5, 2, 50)
    numbers[::4] = np.nan
    found = moments(numbers)
    assert found["mean"] == pytest.approx(np.nanmean(numbers), rel=1e-12)
    assert found["std"] == pytest.approx(np.nanstd(numbers), rel=1e-12)


def test_without_numbers_and_with_equal_ones():
    assert moments(np.array([np.nan, np.nan])) == {}
    assert moments(np.array([4.0, 4.0])) == {"mean": 4.0, "std": 1.0}
