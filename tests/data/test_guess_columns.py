import pandas as pd
import pytest

from kerasrec.data.guess_columns import guess_columns, guess_time_format
from kerasrec.errors import InputError


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["user", "item"], ["user", "item"]),
        (["userId", "movieId", "rating", "timestamp"],
         ["userId", "movieId", "timestamp", "rating"]),
        (["event_time", "event_type", "product_id", "price", "user_id", "user_session"],
         ["user_id", "product_id", "event_time", None, "event_type"]),
        (["visitorid", "itemid", "event", "ts"], ["visitorid", "itemid", "ts", None, "event"]),
        (["reviewerID", "asin", "overall", "unixReviewTime"],
         ["reviewerID", "asin", "unixReviewTime", "overall"]),
        (["session_id", "Item ID", "Date"], ["session_id", "Item ID", "Date"]),
    ],
)  # fmt: skip
def test_names_of_public_data_sets(header, found):
    keys = ("user", "item", "timestamp", "value", "behavior")
    expected = {key: name for key, name in zip(keys, found, strict=False) if name}
    assert guess_columns("a.csv", header) == expected


def test_what_cannot_be_guessed_is_asked_for():
    with pytest.raises(
        InputError, match=r"a.csv: no column looks like items; name it, as --columns"
    ):
        guess_columns("a.csv", ["user", "thing"])
    assert guess_columns("a.csv", ["user", "thing"], {"item": "thing"}) == {
        "user": "user",
        "item": "thing",
    }


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        (["31.01.2024 10:00", None, "01.02.2024 11:30"], "%d.%m.%Y %H:%M"),
        (["01/02/2024", "12/31/2024"], "%m/%d/%Y"),
        (["31/12/2024", "01/02/2024"], "%d/%m/%Y"),
        (["2024-01-31", "2024-02-01"], None),
        (["1700000000"], None),
        (["soon"], None),
        ([], None),
    ],
)
def test_formats_of_times(texts, written):
    assert guess_time_format(pd.Series(texts, dtype=object)) == written


@pytest.mark.parametrize(
    "header,expected",
    [
        (["user", "item", "bought_at"], "bought_at"),
        (["user", "item", "purchaseDate"], "purchaseDate"),
        (["user", "item", "bought_at", "seen_at"], None),  # which of the two?
        (["user", "item", "bought_at", "time"], "time"),
        (["user", "item", "format"], None),
    ],
)
def test_a_time_by_the_end_of_its_name(header, expected):
    assert guess_columns("a.csv", header).get("timestamp") == expected
