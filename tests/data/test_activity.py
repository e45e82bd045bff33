import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.activity import activity_note, improbable_users, latest_events
from kerasrec.errors import InputError

CAP = {"max_events_per_user": 2}


def log(**columns):
    frame = {"user": list("uvuvu"), "item": list("abcde"), "timestamp": [50, 10, 30, 20, 40]}
    return pd.DataFrame(frame | columns)


def named(data):
    users, items = (getattr(data, side).vocabulary for side in ("users", "items"))
    pairs = zip(users.lookup(data.user), items.lookup(data.item), strict=True)
    return [f"{user}{item}" for user, item in pairs]


def test_the_latest_of_each_user_by_a_loop():
    rng = np.random.default_rng(0)
    user, time = rng.integers(0, 9, 300), rng.integers(0, 20, 300)
    expected = np.zeros(300, bool)
    for one in range(9):
        own = np.flatnonzero(user == one)
        expected[sorted(own, key=lambda i: (time[i], i))[-7:]] = True
    np.testing.assert_array_equal(latest_events(user, 7, time), expected)


def test_the_cap_keeps_the_latest_by_time():
    # u took c at 30, e at 40 and a at 50.
    data = Interactions.from_frame(log(), clean=CAP)
    assert named(data) == ["vb", "vd", "ue", "ua"]
    assert "c" not in data.items.vocabulary
    assert "1 row dropped: before the latest 2 of the same user." in data.report.lines()


def test_without_times_the_last_rows_are_the_latest():
    data = Interactions.from_frame(log().drop(columns="timestamp"), clean=CAP)
    assert named(data) == ["vb", "uc", "vd", "ue"]


def test_duplicates_are_merged_before_they_count():
    twice = log(item=list("abebe"), timestamp=[50, 10, 40, 20, 40])
    data = Interactions.from_frame(twice, clean=CAP)
    assert named(data) == ["vb", "vb", "ue", "ua"]
    assert data.report.dropped == {} and data.report.duplicates_merged == 1


def test_every_reader_takes_the_cap(tmp_path):
    log().to_csv(tmp_path / "log.csv", index=False)
    log().to_parquet(tmp_path / "log.parquet")
    for read, name in ((Interactions.from_csv, "csv"), (Interactions.from_parquet, "parquet")):
        assert named(read(tmp_path / f"log.{name}", clean=CAP)) == ["vb", "vd", "ue", "ua"]


@pytest.mark.parametrize(
    ("clean", "match"),
    [
        ({"max_events_per_user": 0}, "at least 1"),
        ({"max_events": 5}, "no option .max_events.: did you mean max_events_per_"),
    ],
)
def test_a_wrong_cap_is_refused(clean, match):
    with pytest.raises(InputError, match=match):
        Interactions.from_frame(log(), clean=clean)


def test_who_is_improbable():
    # 100 times the median of 30 is 3,000: below the 10,000 that any user may have.
    counts = np.full(100, 30)
    counts[[7, 8, 9]] = 3_001, 10_000, 10_001
    assert improbable_users(counts).tolist() == [9]
    # Here the median decides: 100 times 200.
    assert improbable_users(np.array([0, 200, 200, 200, 20_000, 20_001])).tolist() == [5]
    assert improbable_users(np.zeros(3, int)).tolist() == []


def test_three_are_named_and_the_others_counted():
    counts = np.r_[np.full(50, 40), 60_000, 90_000, 80_000, 70_000]
    note = activity_note(counts, np.array([f"u{i}" for i in range(54)]))
    assert note.startswith("4 users have improbable activity: 'u51' (90,000 events), 'u52' (80,0")
    assert "'u53' (70,000 events), ..., and the median is 40" in note and "u50" not in note
    assert "max_events_per_user: 4000" in note


def test_the_report_of_a_table_names_a_robot():
    rng = np.random.default_rng(0)
    user = np.r_[np.repeat(np.arange(40), 5), np.full(10_300, 99)]
    item = np.r_[rng.integers(0, 50, 200), np.arange(10_300)]
    frame = pd.DataFrame({"user": user, "item": item})
    (note,) = Interactions.from_frame(frame).report.notes
    assert note.startswith("1 user has improbable activity: '99' (10,300 events)")
    capped = Interactions.from_frame(frame, clean={"max_events_per_user": 1000})
    assert capped.report.notes == [] and capped.user_counts().max() == 1000
