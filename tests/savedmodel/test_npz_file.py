import tracemalloc

import numpy as np
import pytest

from kerasrec.savedmodel import npz_file
from kerasrec.savedmodel.npz_file import read_arrays, write_arrays


def test_numbers_and_strings_round_trip(tmp_path):
    arrays = {
        "answer/recommend/item": np.array([["ü", "a\0"], ["", "\ud83d"]], dtype=object),
        "request/history": np.zeros((2, 0), dtype=object),
        "request/k": np.array([1, 2], "int32"),
        "found": np.array([b"\xc3\xbc", b""]),
    }
    write_arrays(tmp_path / "a.npz", arrays)
    found = read_arrays(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name in list(arrays)[:3]:
        np.testing.assert_array_equal(found[name], arrays[name])
        assert found[name].dtype == arrays[name].dtype and found[name].shape == arrays[name].shape
    assert found["found"].tolist() == ["ü", ""]


def test_one_long_string_does_not_widen_the_others(tmp_path):
    texts = np.array([*(f"i{n}" for n in range(5000)), "i" * 2000], dtype=object)
    tracemalloc.start()
    write_arrays(tmp_path / "a.npz", {"items": texts})
    assert read_arrays(tmp_path / "a.npz")["items"].tolist() == texts.tolist()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A fixed-width array would take 5,001 * 2,000 * 4 bytes, 40 MB.
    assert peak < 4e6


def test_a_file_above_the_uncompressed_limit_is_refused(tmp_path, monkeypatch):
    write_arrays(tmp_path / "a.npz", {"zeros": np.zeros(10_000)})
    assert (tmp_path / "a.npz").stat().st_size < 2_000
    monkeypatch.setattr(npz_file, "MAX_BYTES", 50_000)
    with pytest.raises(ValueError, match="80,128 uncompressed bytes, expected at most 50,000"):
        read_arrays(tmp_path / "a.npz")
