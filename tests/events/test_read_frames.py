"""From events to the tables that models learn from, by hand-made events."""

import math

import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions
from kerasrec.events import open_store, read_impressions, read_interactions


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/events.db") as opened:
        yield opened


def test_interactions_in_the_order_of_time_with_whom_they_belong_to(store, click, shown):
    store.append(
        [
            click("1", time=30.5, item="b", value=4.0, behavior="buy"),
            click("2", time=10.0, user=None, session="s"),
            shown("3", ["a"], time=5.0, user="v", request="r"),
            click("4", time=20.0, user=None, request="r"),
            click("5", time=20.0, user=None, session="t", request="r", item="c"),
            click("6", time=21.0, user=None, request="unseen"),
        ]
    )
    frame = read_interactions(store)
    assert frame.values.tolist() == [
        ["session:s", "a", 10.0, 1.0, "click"],
        ["v", "a", 20.0, 1.0, "click"],
        ["v", "c", 20.0, 1.0, "click"],
        ["u", "b", 30.5, 4.0, "buy"],
    ]
    assert list(frame.columns) == ["user", "item", "timestamp", "value", "behavior"]
    assert frame.attrs == {"cursor": store.last_cursor(), "unknown": 1}
    columns = {name: name for name in frame.columns}
    data = Interactions.from_frame(frame, columns)
    assert data.users.vocabulary.lookup(data.user).tolist() == ["session:s", "v", "v", "u"]
    assert data.value.tolist() == [1, 1, 1, 4] and data.timestamp.tolist() == [10, 20, 20, 30]


def test_interactions_after_a_cursor_and_between_times(store, click):
    store.append([click(f"{n}", time=float(n)) for n in range(5)])
    cursor = store.read(limit=2)[1][0]
    assert read_interactions(store, after=cursor)["timestamp"].tolist() == [2, 3, 4]
    assert read_interactions(store, since=1.0, until=3.0)["timestamp"].tolist() == [1, 2]
    nothing = read_interactions(store, after=store.last_cursor())
    assert nothing.empty and nothing.attrs["cursor"] == store.last_cursor()
    assert list(nothing.columns) == ["user", "item", "timestamp", "value", "behavior"]


def test_impressions_with_the_clicks_that_belong_to_them(store, click, shown):
    store.append(
        [
            # Out of order, before what was shown; by a clock that is behind by 2 s as well.
            click("c1", time=98.0, request="r1", item="b"),
            click("c2", time=150.0, request="r1", item="b"),
            click("c3", time=150.0, request="r1", item="b", behavior="buy"),
            click("c4", time=1900.0, request="r1", item="a"),  # exactly the window later
            click("c5", time=1900.5, request="r1", item="c"),  # too late
            click("c6", time=150.0, request="r1", item="z"),  # not shown
            click("c7", time=150.0, item="c"),  # of no request
            click("c8", time=150.0, request="r9", item="a"),  # of one that is not there
            click("c9", time=150.0, request="r1", item="c", behavior="view"),
            shown(
                "i1", ["a", "b", "c"], time=100.0, user="u", request="r1", version="3",
                propensities=(0.5, 0.25, 1.0), context={"hour": 9, "position": "top"},
            ),
            shown("i2", ["b", "a"], time=50.0, session="s", request="r2", positions=(4, 7)),
            shown("i3", ["a"], time=60.0),
        ]
    )  # fmt: skip
    frame = read_impressions(store, behaviors=("click", "buy"))
    rows = frame[["request", "user", "item", "timestamp", "position", "click", "buy"]]
    assert rows.values.tolist() == [
        ["r2", "session:s", "b", 50.0, 4, 0.0, 0.0],
        ["r2", "session:s", "a", 50.0, 7, 0.0, 0.0],
        ["i3", None, "a", 60.0, 1, 0.0, 0.0],
        ["r1", "u", "a", 100.0, 1, 1.0, 0.0],
        ["r1", "u", "b", 100.0, 2, 1.0, 1.0],
        ["r1", "u", "c", 100.0, 3, 0.0, 0.0],
    ]
    assert frame.attrs == {"unjoined": 4}
    assert frame["version"].tolist() == [None, None, None, "3", "3", "3"]
    assert frame["propensity"].tolist()[3:] == [0.5, 0.25, 1.0]
    assert all(map(math.isnan, frame["propensity"][:3]))
    assert frame["hour"].tolist()[3:] == [9, 9, 9] and frame["hour"][:3].isna().all()
    assert frame["context.position"].tolist()[3:] == ["top"] * 3


def test_the_frame_is_that_of_impressions(store, click, shown):
    for number in range(4):
        store.append(
            [
                shown(
                    f"i{number}", ["a", "b"], user=f"u{number % 2}", request=f"r{number}",
                    propensities=(0.5, 0.5), context={"hour": str(number)},
                ),
                click(f"c{number}", user=None, request=f"r{number}", item="ab"[number % 2]),
            ]
        )  # fmt: skip
    frame = read_impressions(store)
    data = Impressions.from_frame(frame, context={"hour": {"kind": "category"}})
    assert data.labels["click"].tolist() == [1, 0, 0, 1, 1, 0, 0, 1]
    assert data.position.tolist() == [1, 2] * 4 and data.propensity.tolist() == [0.5] * 8
    assert data.requests().tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    past = Interactions.from_frame(read_interactions(store))
    assert Impressions.from_frame(frame, past=past).past is not None


def test_a_request_that_goes_on_shows_more_and_an_item_counts_once(store, click, shown):
    store.append([shown("1", ["a", "b"], request="r"), click("3", request="r", item="b")])
    store.append([shown("2", ["b", "c"], request="r", positions=(3, 4))])
    frame = read_impressions(store)
    assert frame[["item", "position", "click"]].values.tolist() == [
        ["a", 1, 0.0], ["b", 2, 1.0], ["c", 4, 0.0],
    ]  # fmt: skip


def test_impressions_whose_window_is_open_are_left_out(store, shown, monkeypatch):
    store.append([shown("1", ["a"], time=1000.0), shown("2", ["a"], time=2000.0)])
    monkeypatch.setattr("time.time", lambda: 3000.0)
    assert read_impressions(store)["timestamp"].tolist() == [1000.0]
    assert read_impressions(store, until=2000.5)["timestamp"].tolist() == [1000.0, 2000.0]
    assert read_impressions(store, since=1000.5, until=2000.5)["timestamp"].tolist() == [2000.0]
    empty = read_impressions(store, until=500.0)
    assert isinstance(empty, pd.DataFrame) and empty.empty and "click" in empty.columns
