import datetime

import numpy as np
import pandas as pd
import pyarrow
import pytest

from kerasrec.data import Interactions
from kerasrec.data.clean import Clean
from kerasrec.data.row_filters import filter_rows
from kerasrec.errors import InputError

DAY = 86_400


def table(pairs, **columns):
    """One row for each pair of letters: a user and an item."""
    users, items = zip(*(pair for pair in pairs.split()), strict=True)
    return pd.DataFrame({"user": users, "item": items, **columns})


def pairs(data):
    users, items = data.users.vocabulary.lookup(data.user), data.items.vocabulary.lookup(data.item)
    return " ".join(user + item for user, item in zip(users, items, strict=True))


# b has one row. Without it, y has one row left, and without that a has two.
CORE = "ax ay az by cx cz dx dz"


def test_users_and_items_with_few_events():
    data = Interactions.from_frame(table(CORE), clean={"min_user_events": 2})
    assert pairs(data) == "ax ay az cx cz dx dz"
    assert data.report.dropped == {"of users with fewer than 2 events": 1}
    assert data.users.vocabulary.ids.tolist() == ["a", "c", "d"]
    assert "1 row dropped: of users with fewer than 2 events." in data.report.lines()
    # Counted once, y has two rows: its row of b is gone for the user alone.
    data = Interactions.from_frame(table(CORE), clean={"min_user_events": 2, "min_item_events": 2})
    assert pairs(data) == "ax ay az cx cz dx dz"
    data = Interactions.from_frame(table(CORE), clean={"min_item_events": 3})
    assert pairs(data) == "ax az cx cz dx dz"
    assert data.report.dropped == {"of items with fewer than 3 events": 2}


def test_the_core_is_counted_again_until_it_holds():
    clean = {"min_user_events": 2, "min_item_events": 2, "k_core": True}
    data = Interactions.from_frame(table(CORE), clean=clean)
    assert pairs(data) == "ax az cx cz dx dz"
    assert data.report.dropped == {
        "of users with fewer than 2 events": 1,
        "of items with fewer than 2 events": 1,
    }
    with pytest.raises(InputError, match="no rows are left; dropped: {'of users with fewer than 4"):
        Interactions.from_frame(table(CORE), clean={"min_user_events": 4, "k_core": True})


def test_the_core_of_random_rows_is_that_of_a_loop():
    random = np.random.default_rng(0)
    user, item = random.integers(0, 60, 300), random.integers(0, 50, 300)
    clean = Clean(min_user_events=3, min_item_events=4, k_core=True)
    kept, reasons = filter_rows(clean, user, item, None)
    rows = set(range(300))
    while True:
        users = [user[row] for row in rows]
        items = [item[row] for row in rows]
        gone = {r for r in rows if users.count(user[r]) < 3 or items.count(item[r]) < 4}
        if not gone:
            break
        rows -= gone
    assert kept.tolist() == sorted(rows) and len(rows) > 20
    assert sum(reasons.values()) == 300 - len(rows)


def test_duplicates_do_not_count_as_events():
    data = Interactions.from_frame(table("ax ax by bx ay"), clean={"min_user_events": 2})
    assert pairs(data) == "ax by bx ay" and data.report.dropped == {}
    with pytest.raises(InputError, match="no rows are left"):
        Interactions.from_frame(table("ax ax by bx ay"), clean={"min_user_events": 3})


def test_a_range_of_dates_has_its_start_and_not_its_end():
    frame = table("ax ay bx by", timestamp=[0, DAY, 2 * DAY - 1, 2 * DAY])
    for start, end in (
        ("1970-01-02", "1970-01-03"),
        (datetime.date(1970, 1, 2), datetime.datetime(1970, 1, 3)),
        (DAY, "1970-01-03T01:00:00+01:00"),
        ("1970-01-02T00:00:00Z", 2 * DAY),
    ):
        data = Interactions.from_frame(frame, clean={"start": start, "end": end})
        assert pairs(data) == "ay bx"
        assert data.report.dropped == {"before 1970-01-02": 1, "from 1970-01-03 on": 1}


def test_bots_have_many_events_within_a_minute():
    """a: 3 rows in 60 s, of which 2 lie within 59 s. b: 3 rows within 59 s, then one much later."""
    times = [0, 1, 60, 100, 120, 159, 9999]
    frame = table("ax ay az bx by bz bw", timestamp=times)
    rows = Interactions.from_frame(pd.concat([frame, table("cx", timestamp=[5])]),
        clean={"max_events_per_minute": 2})  # fmt: skip
    assert pairs(rows) == "ax ay cx az"
    assert rows.report.dropped == {"of users with more than 2 events in a minute": 4}
    assert len(Interactions.from_frame(frame, clean={"max_events_per_minute": 3})) == 7


@pytest.mark.parametrize("option", ["start", "end", "max_events_per_minute"])
def test_times_are_needed(option):
    with pytest.raises(InputError, match=f"clean.{option} reads the time of a row, and the table"):
        Interactions.from_frame(table("ax by"), clean={option: 5})


def test_words_are_values(tmp_path):
    frame = table("ax ay bx by", value=["buy", "view", "buy", "1"])
    clean = {"values": {"buy": 5, "view": 1, 1: -0.5}}
    assert Interactions.from_frame(frame, clean=clean).value.tolist() == [5, 1, 5, -0.5]
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    for read, name in ((Interactions.from_csv, "a.csv"), (Interactions.from_parquet, "a.parquet")):
        assert read(tmp_path / name, clean=clean).value.tolist() == [5, 1, 5, -0.5]
    clean = {"values": {"buy": 5, "view": 1}}
    with pytest.raises(InputError, match=r"row 3, column 'value': '1' is not in clean.values .buy"):
        Interactions.from_frame(frame, clean=clean)
    data = Interactions.from_frame(frame, clean=clean, on_error="drop")
    assert data.report.dropped == {"value not in clean.values": 1}
    with pytest.raises(InputError, match="clean.values reads the column value, which the table do"):
        Interactions.from_frame(table("ax by"), clean=clean)


def test_a_format_of_times(tmp_path):
    written = ["02.01.1970 00:00", "01.01.1970 00:01", "01.02.1970 00:00", "01.01.1970 00:00"]
    frame = table("ax ay bx by", timestamp=written)
    clean = {"time_format": "%d.%m.%Y %H:%M"}
    data = Interactions.from_frame(frame, clean=clean)
    assert data.timestamp.tolist() == [0, 60, DAY, 31 * DAY]
    # Digits alone stay text: 01021970 is no number.
    frame["timestamp"] = ["02011970", "01011970", "01021970", "01011970"]
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = Interactions.from_csv(tmp_path / "a.csv", clean={"time_format": "%d%m%Y"})
    assert data.timestamp.tolist() == [0, 0, DAY, 31 * DAY]
    with pytest.raises(
        InputError, match="row 2, column 'timestamp': '02011970' is not a time: exp"
    ):
        Interactions.from_csv(tmp_path / "a.csv", clean=clean)


@pytest.mark.parametrize(
    ("decimal", "good", "bad"),
    [
        (",", {"1.234,50 €": 1234.5, "-3": -3, "EUR 7,5": 7.5, "1 234": 1234, "1.234": 1234},
         ["1.5", "1,234,5", "free", "1.23.456", ""]),
        (".", {"$1,234.50": 1234.5, "1'234.5 CHF": 1234.5, "+.5": None, "£ 2": 2, "−2.5": -2.5},
         ["1,5", "1.234.5", "1,2345"]),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(decimal, good, bad, tmp_path):
    good = {text: number for text, number in good.items() if number is not None}
    frame = pd.DataFrame(
        {"user": "a", "item": list(map(str, range(len(good)))), "value": list(good)}
    )
    frame = pd.concat([frame, pd.DataFrame({"user": ["b"], "item": "0", "value": "1"})])
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";")
    clean = {"decimal": decimal}
    for data in (
        Interactions.from_frame(frame, clean=clean),
        Interactions.from_csv(tmp_path / "a.csv", separator=";", clean=clean),
    ):
        assert data.value.tolist() == [*good.values(), 1.0]
    for text in bad:
        frame["value"] = [text or "?"] * len(frame)
        with pytest.raises(InputError, match="is not a number written with the decimal sign"):
            Interactions.from_frame(frame, clean=clean)


def test_lists_of_items_are_rows(tmp_path):
    baskets = pd.DataFrame(
        {
            "user": ["a", "b", "c", "d"],
            "item": ['["x", 7]', "z", "[]", "['x', 'y']"],
            "value": range(4),
        }
    )
    expected = "ax a7 bz dx dy"
    baskets.to_csv(tmp_path / "a.csv", index=False)
    for data in (
        Interactions.from_frame(baskets, clean={"item_lists": True}),
        Interactions.from_csv(tmp_path / "a.csv", clean={"item_lists": True}),
    ):
        assert pairs(data) == expected and data.value.tolist() == [0, 0, 1, 3, 3]
        assert data.report.dropped == {"empty list of items": 1} and data.report.rows_read == 4
    lists = pyarrow.table({"user": ["a", "b"], "item": [["x", "y"], ["x", None]]})
    with pytest.raises(InputError, match="the frame, row 1, column 'item': the item is missing"):
        Interactions.from_frame(lists, clean={"item_lists": True})
    data = Interactions.from_frame(lists, clean={"item_lists": True}, on_error="drop")
    assert pairs(data) == "ax ay bx" and data.report.dropped == {"missing item": 1}
    baskets.loc[2, "item"] = "['x', 'y'"
    with pytest.raises(InputError, match="row 2, column 'item': .* begins as a list, but is none"):
        Interactions.from_frame(baskets, clean={"item_lists": True})


@pytest.mark.parametrize(
    ("clean", "match"),
    [
        ({"min_user_event": 5}, "clean has no option 'min_user_event': did you mean min_user_even"),
        ({"min_user_events": 0}, "clean.min_user_events.*at least 1"),
        ({"min_item_events": 2.5}, "clean.min_item_events"),
        ({"max_events_per_minute": "many"}, "clean.max_events_per_minute.*'many'"),
        ({"k_core": True}, "clean.k_core repeats min_user_events and min_item_events: give one"),
        ({"k_core": 5, "min_user_events": 5}, "clean.k_core: expected true or false, got 5"),
        ({"start": "soon"}, "clean.start: 'soon' is not a time: expected a date such as 2024"),
        ({"end": 1.5}, "clean.end: 1.5 is not a time"),
        (
            {"start": "2024-02-01", "end": "2024-01-01"},
            "start 2024-02-01.* must be before end 2024",
        ),
        ({"values": {}}, "clean.values: expected a number for each word, such as buy: 5, got {}"),
        ({"values": {"buy": "much"}}, "clean.values: buy: expected a finite number, got 'much'"),
        ({"values": {"buy": float("nan")}}, "clean.values: buy: expected a finite number, got nan"),
        ({"time_format": "day.month"}, "clean.time_format: 'day.month' is no format of datetime"),
        ({"time_format": "%d.%Q"}, "clean.time_format: '%d.%Q' is no format"),
        ({"decimal": ";"}, """clean.decimal: expected "," or ".", got ';'"""),
        ({"decimal": ",", "values": {"a": 1}}, "clean: values maps words and decimal reads numb"),
        (5, "clean: expected options such as .*, got 5"),
    ],
)
def test_wrong_options(clean, match):
    with pytest.raises(InputError, match=match):
        Interactions.from_frame(table("ax by"), clean=clean)
