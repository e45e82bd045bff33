"""What `prepare` leaves out, against the reader in memory."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, splits
from kerasrec.data.clean import Clean
from kerasrec.errors import InputError
from kerasrec.out_of_core import prepare

pytest.importorskip("duckdb", reason="prepare needs DuckDB: kerasrec[sql]")

START = 1_600_000_000
CLEANS = [
    {"start": START + 200},
    {"end": "2020-09-13T12:36:40"},  # START + 600
    {"max_events_per_minute": 5},
    {"max_events_per_user": 4},
    {"min_user_events": 4},
    {"min_item_events": 9},
    {"min_user_events": 4, "min_item_events": 9},
    {"min_item_events": 11, "k_core": True},
    {"min_user_events": 4, "min_item_events": 8, "k_core": True},
    {"start": START + 100, "end": START + 700, "max_events_per_minute": 7,
     "max_events_per_user": 9, "min_user_events": 4, "min_item_events": 4, "k_core": True},
]  # fmt: skip
UNITS = {
    "seconds": lambda seconds: seconds,
    "milliseconds": lambda seconds: seconds * 1000 + np.arange(len(seconds)) * 7 % 1000,
    "dates": lambda seconds: pd.to_datetime(seconds * 10**9 + 10**8),
    "before 1970": lambda seconds: pd.to_datetime((seconds - 2 * START) * 10**9 + 10**8),
}


def clicks(unit="seconds"):
    """Users of a few and of many events; bursts, so that times are equal; rows that occur twice."""
    random = np.random.default_rng(0)
    seconds = START + random.integers(0, 40, 500) * 20 + random.integers(0, 3, 500)
    frame = pd.DataFrame(
        {
            "user": np.char.add("u", (random.power(0.5, 500) * 60).astype(int).astype(str)),
            "item": (random.power(0.7, 500) * 45).astype(int),
            "timestamp": UNITS[unit](seconds),
            "value": random.choice([1.0, 2.0, 5.0], 500),
            # A behavior of few rows, which may all be gone.
            "behavior": np.where(np.arange(500) == 0, "gift", random.choice(["view", "buy"], 500)),
        }
    )
    return pd.concat([frame, frame.sample(40, random_state=0)], ignore_index=True)


def assert_same_as_in_memory(same_parts, tmp_path, frame, clean, split):
    frame.to_parquet(tmp_path / "clicks.parquet", row_group_size=100)
    prepared = prepare(tmp_path / "clicks.parquet", tmp_path / "p", split=split, clean=clean)
    data = Interactions.from_parquet(tmp_path / "clicks.parquet", clean=clean)
    same_parts(prepared.split(), splits.PROTOCOLS[split["protocol"]](data))
    assert prepared.manifest["dropped"] == data.report.dropped
    counts = {"users": data.report.users, "items": data.report.items,
        "rows_read": len(frame), "duplicates_merged": data.report.duplicates_merged}  # fmt: skip
    assert counts.items() <= prepared.manifest["counts"].items()
    return data.report.dropped


@pytest.mark.parametrize("clean", CLEANS, ids=lambda clean: "-".join(clean))
def test_the_rows_of_memory(assert_same_parts, tmp_path, clean):
    dropped = assert_same_as_in_memory(
        assert_same_parts, tmp_path, clicks(), clean, {"protocol": "next-item"}
    )
    assert len(dropped) == len(clean) - ("k_core" in clean)


@pytest.mark.parametrize("unit", list(UNITS)[1:])
def test_times_of_every_unit(assert_same_parts, tmp_path, unit):
    clean = {**CLEANS[-1]}
    if unit == "before 1970":
        clean |= {"start": 100 - START, "end": 700 - START}
    dropped = assert_same_as_in_memory(
        assert_same_parts, tmp_path, clicks(unit), clean, {"protocol": "random"}
    )
    assert len(dropped) == 6


def test_a_minute_ends_after_59_seconds_rounded_down(assert_same_parts, tmp_path):
    """b has 59 seconds between two rows. a has 60, and c has -60 to 0, of -59.5 rounded down."""
    seconds = np.array([0, 60, 100, 159, -59.5, 0])
    frame = pd.DataFrame({"user": list("aabbcc"), "item": list("xyxyxy")})
    frame["timestamp"] = pd.to_datetime((seconds * 1000).astype(int), unit="ms")
    clean = {"max_events_per_minute": 1}
    dropped = assert_same_as_in_memory(
        assert_same_parts, tmp_path, frame, clean, {"protocol": "none"}
    )
    assert dropped == {"of users with more than 1 events in a minute": 2}


def test_without_times_the_order_of_the_source_counts(assert_same_parts, tmp_path):
    frame = clicks()[["user", "item"]]
    clean = {"max_events_per_user": 5, "min_user_events": 2, "min_item_events": 3, "k_core": True}
    dropped = assert_same_as_in_memory(
        assert_same_parts, tmp_path, frame, clean, {"protocol": "cold-items"}
    )
    assert len(dropped) == 3


def test_ids_keep_the_order_of_the_whole_source(tmp_path):
    """The first row names u, and is left out; u comes before v all the same, and w has no row."""
    frame = pd.DataFrame(
        {"user": list("uvvwuu"), "item": list("xzyxyz"), "timestamp": [0, *[9] * 5]}
    )
    frame.to_parquet(tmp_path / "clicks.parquet")
    clean = Clean(start=5, min_user_events=2)
    prepared = prepare(
        tmp_path / "clicks.parquet", tmp_path / "p", split={"protocol": "none"}, clean=clean
    )
    assert prepared.users.vocabulary.ids.tolist() == ["u", "v"]
    assert prepared.items.vocabulary.ids.tolist() == ["z", "y"]
    assert prepared.split().train.in_time_order().user.tolist() == [3, 3, 2, 2]
    assert prepared.manifest["clean"] == {"start": 5, "min_user_events": 2}
    assert prepared.manifest["dropped"] == {
        "before 1970-01-01T00:00:05": 1,
        "of users with fewer than 2 events": 1,
    }


def test_other_options_are_another_preparation(tmp_path):
    clicks().to_parquet(tmp_path / "clicks.parquet")

    def rows(**options):
        made = prepare(tmp_path / "clicks.parquet", tmp_path / "p", **options)
        manifest = tmp_path / "p" / "manifest.json"
        return made.manifest["counts"]["train"], manifest.stat().st_ino

    whole = rows()
    assert rows(clean={"k_core": False}) == whole
    fewer = rows(clean={"min_user_events": 4})
    assert fewer[0] < whole[0] and rows(clean=Clean(min_user_events=4)) == fewer


@pytest.mark.parametrize(
    "clean, message",
    [
        ({"values": {"buy": 1}}, r"clean\.values: `prepare` reads no texts but ids.*case how when"),
        (
            {"time_format": "%d.%m.%Y"},
            r"clean\.time_format: .*SqlQuery\(\"select \.\.\., strptime\(day",
        ),
        ({"decimal": ","}, r"clean\.decimal: .*replace\(price, ',', '\.'\)::double as value"),
        ({"item_lists": True}, r"clean\.item_lists: .*unnest\(items\) as item"),
        ({"min_users": 3}, "clean has no option 'min_users': did you mean min_user_events"),
        ({"min_user_events": 600}, r"clicks\.parquet: no rows are left; dropped: {'of users with"),
        ({"min_user_events": 40}, "'u0' is the only user"),
    ],
)
def test_what_is_refused(tmp_path, clean, message):
    clicks().to_parquet(tmp_path / "clicks.parquet")
    with pytest.raises(InputError, match=message):
        prepare(tmp_path / "clicks.parquet", tmp_path / "p", clean=clean)
    assert [path.name for path in tmp_path.iterdir()] == ["clicks.parquet"]


@pytest.mark.parametrize("option", ["start", "end", "max_events_per_minute"])
def test_options_that_need_times(tmp_path, option):
    clicks().drop(columns="timestamp").to_parquet(tmp_path / "clicks.parquet")
    with pytest.raises(InputError, match=f"clean.{option} reads the time of a row, and the table"):
        prepare(tmp_path / "clicks.parquet", tmp_path / "p", clean={option: 5})


def test_the_steps_that_are_said(tmp_path):
    clicks().to_parquet(tmp_path / "clicks.parquet")
    said = []
    for clean in (None, {"min_user_events": 2}):
        prepare(tmp_path / "clicks.parquet", tmp_path / "p", clean=clean, progress=said.append)
    steps = [line.partition(":")[0] for line in said]
    assert steps[2:4] == ["3 of 6, merge", "4 of 6, sort"]
    assert steps[8:11] == ["3 of 7, merge", "4 of 7, clean", "5 of 7, sort"]
