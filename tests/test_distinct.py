import numpy as np
import pytest

import kerasrec.distinct as distinct_module
from kerasrec.distinct import distinct, is_in, pair_counts


@pytest.mark.parametrize("kind", ["int64", "int32", "uint64"])
def test_distinct_values_are_those_of_unique(kind):
    values = np.random.default_rng(0).integers(0, 500, 1000).astype(kind)
    before = values.copy()
    found = distinct(values)
    assert found.dtype == kind and np.array_equal(found, np.unique(values))
    assert np.array_equal(values, before)
    assert distinct(values[:0]).tolist() == [] and distinct(values[:1]).tolist() == [values[0]]


def test_values_are_found_among_ascending_ones():
    values = np.random.default_rng(0).integers(0, 500, (20, 50))
    known = np.sort(np.random.default_rng(1).integers(100, 400, 200))
    assert np.array_equal(is_in(values, known), np.isin(values, known))
    assert not is_in(values, known[:0]).any() and is_in(values, known[:0]).shape == (20, 50)
    # The largest values of all are hashes, too.
    top = np.array([0, 2**64 - 1], np.uint64)
    assert is_in(top, top[1:]).tolist() == [False, True]


def test_pairs_are_counted_in_blocks(monkeypatch):
    monkeypatch.setattr(distinct_module, "BLOCK", 7)
    random = np.random.default_rng(0)
    first, second = random.integers(0, 4, 100), random.integers(0, 5, 100)
    pairs, counts = pair_counts(first, second)
    wanted, times = np.unique((first << 32) | second, return_counts=True)
    assert pairs.tolist() == wanted.tolist() and counts.tolist() == times.tolist()
