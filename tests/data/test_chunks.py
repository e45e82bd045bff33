import numpy as np
import pytest

from kerasrec.data.chunks import PLACES, chunks


@pytest.mark.parametrize("seed", range(20))
def test_every_list_once_and_no_rectangle_too_large(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.zipf(1.3, 200).clip(max=400) * rng.integers(0, 2, 200)
    parts = list(chunks(lengths, rows=16, places=300))
    assert np.concatenate([np.arange(200)[part] for part in parts]).tolist() == list(range(200))
    for part in parts:
        inside = lengths[part]
        assert len(inside) <= 16
        assert len(inside) == 1 or len(inside) * inside.max() <= 300


def test_as_few_as_fit():
    assert list(chunks([3, 3, 3, 3], rows=9, places=6)) == [slice(0, 2), slice(2, 4)]
    assert list(chunks([0] * 5, rows=2)) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(chunks([], rows=2)) == []


def test_a_long_list_is_alone():
    lengths = np.r_[np.full(1023, 30), 500_000]
    assert list(chunks(lengths, 1024)) == [slice(0, 1023), slice(1023, 1024)]
    assert 1024 * 500_000 > 100 * PLACES
