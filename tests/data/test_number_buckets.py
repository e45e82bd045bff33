import numpy as np
import pandas as pd
import pytest

from kerasrec.data.number_buckets import (
    bucket_borders,
    bucket_centres,
    bucket_rows,
    bucket_weights,
)


@pytest.mark.parametrize("buckets", [2, 5, 20])
def test_buckets_are_those_of_pandas(buckets):
    numbers = np.random.default_rng(0).normal(size=1001).astype("float32")
    borders = bucket_borders(numbers, buckets)
    expected = pd.qcut(numbers, buckets, labels=False)
    # Of 1,001 numbers these quantiles are numbers that occur, by every definition.
    np.testing.assert_array_equal(bucket_rows(numbers, borders) - 2, expected)
    assert set(borders) <= set(numbers.tolist()) and len(borders) == buckets - 1


def test_equal_numbers_share_a_bucket():
    numbers = np.array([0] * 60 + [1] * 10 + [2] * 30)
    borders = bucket_borders(numbers, 10)
    assert borders == (0.0, 1.0)
    assert bucket_rows(np.array([-1, 0, 0.5, 1, 2, 100]), borders).tolist() == [2, 2, 3, 3, 4, 4]


def test_a_constant_column_and_none():
    for numbers in ([7.0, 7.0], []):
        assert bucket_borders(np.array(numbers), 4) == ()
        assert bucket_rows(np.array([-1, 7, np.nan]), ()).tolist() == [2, 2, 0]
    assert bucket_centres(np.array([7.0, 7.0]), 4) == (7.0,)
    assert bucket_centres(np.array([]), 4) == (0.0,)
    assert bucket_weights(np.array([-1, 7, np.nan]), (7.0,)).tolist() == [[1], [1], [0]]


def test_weights_interpolate_linearly():
    centres = bucket_centres(np.random.default_rng(0).normal(size=500), 8)
    assert len(centres) == 8
    numbers = np.concatenate([np.linspace(-5, 5, 301), centres]).astype("float32")
    weights = bucket_weights(numbers, centres)
    assert weights.dtype == np.float32 and weights.shape == (309, 8)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert weights.min() >= 0 and ((weights > 0).sum(axis=1) <= 2).all()
    # The weighted mean of the centres is the number itself, up to the outer centres.
    between = np.clip(numbers, centres[0], centres[-1])
    np.testing.assert_allclose(weights @ np.array(centres), between, atol=1e-6)
    np.testing.assert_array_equal(weights[301:], np.eye(8))


def test_the_ends_of_float32():
    largest = float(np.finfo(np.float32).max)
    weights = bucket_weights(np.array([-largest, 0, largest]), (-largest, largest))
    assert weights.tolist() == [[1, 0], [0.5, 0.5], [0, 1]]
    # 1e-40 is read as 0, as TensorFlow does.
    assert bucket_rows(np.array([1e-40, 2e-38]), (0.0,)).tolist() == [2, 3]


def test_a_border_is_rounded_as_the_numbers_are():
    borders = bucket_borders(np.array([0.1, 0.2, 0.3, 0.4]), 4)
    assert bucket_rows(np.array([0.1, 0.2, 0.3, 0.4]), borders).tolist() == [2, 3, 4, 5]
