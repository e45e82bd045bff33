import pandas as pd
import pytest

from kerasrec.data import Interactions, reading_memory
from kerasrec.errors import InputError


@pytest.fixture
def log():
    """1,000 rows: users of 4 letters, items of 2, times as integers."""
    return pd.DataFrame(
        {
            "user": [f"u{i:03d}" for i in range(1000)],
            "item": [f"i{i % 10}" for i in range(1000)],
            "timestamp": range(1000),
            "note": "a long text that nobody reads",
        }
    )


def test_the_calculation_is_in_the_message(log, tmp_path, monkeypatch):
    """user 4 + 4 + 4 bytes, item 2 + 4 + 4, timestamp 8, sorting 32: 62,000 bytes for all rows."""
    log.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 62_000)
    assert len(Interactions.from_parquet(tmp_path / "a.parquet")) == 1000
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 61_999)
    with pytest.raises(InputError) as error:
        Interactions.from_parquet(tmp_path / "a.parquet")
    expected = "a.parquet: 1,000 rows x (user 12 + item 10 + timestamp 8 + sorting 32) bytes"
    assert expected in str(error.value)
    assert "leave the table on disk: `data.out_of_core` of a config" in str(error.value)


def test_a_frame_is_estimated_as_well(log, monkeypatch):
    """user 8, item 8 and timestamp 8 bytes, sorting 32."""
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 56_000)
    assert len(Interactions.from_frame(log)) == 1000
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 55_999)
    with pytest.raises(InputError, match="the frame: 1,000 rows x .user 8 . item 8 . timestamp 8"):
        Interactions.from_frame(log)


def test_a_text_file_is_estimated_by_its_first_lines(log, tmp_path, monkeypatch):
    log.to_csv(tmp_path / "a.csv", index=False)
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 70_000)
    assert len(Interactions.from_csv(tmp_path / "a.csv")) == 1000
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 50_000)
    with pytest.raises(InputError, match=r"a.csv: 1,\d\d\d rows x .user 12 .*Write it as Parquet"):
        Interactions.from_csv(tmp_path / "a.csv")
    # Two parts are twice as many rows.
    (tmp_path / "parts").mkdir()
    for part in ("0.csv", "1.csv"):
        log.to_csv(tmp_path / "parts" / part, index=False)
    monkeypatch.setattr(reading_memory, "free_memory", lambda: 70_000)
    with pytest.raises(InputError, match=r"0.csv: 2,\d\d\d rows"):
        Interactions.from_csv(tmp_path / "parts")
