import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, RequestLists
from kerasrec.errors import InputError

NAN = np.nan
# One item; equal labels; an order; an order beside a missing label; no label.
REQUESTS = list("abbcddddee")
CLICKS = [1, 0, 0, 1, 0, 1, NAN, 0, NAN, NAN]


def shown(requests=REQUESTS, clicks=CLICKS, likes=None):
    frame = pd.DataFrame({"request": requests, "click": clicks, "item": "x"})
    frame["item"] = [f"i{n % 3}" for n in range(len(frame))]
    labels = {"click": {}}
    if likes is not None:
        frame["like"] = likes
        labels["like"] = {}
    return Impressions.from_frame(frame, labels=labels)


def test_requests_that_say_nothing_are_left_out_and_counted():
    lists = RequestLists.of(shown(), ["click"])
    assert lists.rows.tolist() == [[4, 5, 6, 7]]
    assert lists.notes == (
        "4 of 5 requests are not trained on: they have one item, or items with equal labels.",
    )


def test_a_second_label_keeps_a_request():
    lists = RequestLists.of(shown(likes=[0, 1, 0, *[0] * 7]), ["click", "like"])
    assert lists.rows.tolist() == [[1, 2, 10, 10], [4, 5, 6, 7]]


def test_all_are_kept_for_the_sake_of_other_labels():
    lists = RequestLists.of(shown(), ["click"], keep_all=True)
    assert sorted(lists.rows[lists.rows < 10].tolist()) == list(range(10))
    assert len(lists.rows) == 5 and not lists.notes


def test_rows_of_a_request_need_not_follow_each_other():
    lists = RequestLists.of(shown(list("abab"), [0, 1, 1, 0]), ["click"])
    assert lists.rows.tolist() == [[0, 2], [1, 3]]


def test_a_long_request_keeps_its_positives_and_others_at_random():
    clicks = np.zeros(50)
    clicks[[7, 49]] = 1
    data = shown(["a"] * 50 + ["b"] * 2, [*clicks, 1, 0])
    drawn = [RequestLists.of(data, ["click"], longest=5, seed=seed) for seed in range(40)]
    for lists in drawn:
        assert lists.rows.shape == (2, 5)
        assert {7, 49} <= set(lists.rows[0]) and len(set(lists.rows[0])) == 5
        assert (np.diff(lists.rows[0]) > 0).all()
        assert lists.rows[1].tolist() == [50, 51, 52, 52, 52]
        assert "1 requests of more than 5 rows" in lists.notes[0]
    others = np.concatenate([lists.rows[0] for lists in drawn])
    assert len(set(others)) > 40


def test_without_requests_or_without_an_order_there_is_an_error():
    with pytest.raises(InputError, match="map a column to request"):
        RequestLists.of(
            Impressions.from_frame(pd.DataFrame({"item": ["a"], "click": [1]})), ["click"]
        )
    with pytest.raises(InputError, match="no order to learn"):
        RequestLists.of(shown(list("aab"), [1, 1, 0]), ["click"])
