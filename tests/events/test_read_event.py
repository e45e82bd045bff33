import json
import math

import pytest

from kerasrec.errors import InputError
from kerasrec.events import Event, read_event

NOW = 1_700_000_000.0
CLICK = {"kind": "interaction", "id": "e", "user": "u", "item": "a"}
SHOWN = {"kind": "impression", "id": "e", "items": ["a", "b"]}


def test_an_interaction_with_all_fields():
    fields = {**CLICK, "session": "s", "request": "r", "behavior": "buy", "value": 2, "time": 5}
    event = read_event(fields, NOW)
    assert event == Event(
        "interaction", "e", 5.0, "u", "s", "r", item="a", behavior="buy", value=2.0
    )
    assert isinstance(event.time, float) and isinstance(event.value, float)
    assert read_event(event.to_dict(), NOW) == event


def test_an_impression_with_all_fields():
    fields = {
        **SHOWN, "user": "u", "request": "r", "positions": [1, 3], "propensities": [0.5, 1],
        "version": "7", "context": {"hour": 9, "tags": ["x", "y"], "gone": None}, "time": None,
    }  # fmt: skip
    event = read_event(fields, NOW)
    assert event.items == ("a", "b") and event.positions == (1, 3)
    assert event.propensities == (0.5, 1.0) and event.time == NOW
    assert event.context == {"hour": 9, "tags": ["x", "y"]}
    assert read_event(json.loads(json.dumps(event.to_dict())), NOW) == event


def test_defaults():
    event = read_event(CLICK, NOW)
    assert (event.behavior, event.value, event.time) == ("click", None, NOW)
    assert read_event({**CLICK, "user": None, "session": "s"}, NOW).user is None


def test_any_past_is_taken_and_a_clock_may_be_ahead_by_minutes():
    assert read_event({**CLICK, "time": 0}, NOW).time == 0
    assert read_event({**CLICK, "time": NOW + 300}, NOW).time == NOW + 300


def test_html_is_an_id_like_any_other():
    name = "<script>alert('x')</script>&amp; ü 東京 🦊"
    assert read_event({**CLICK, "item": name, "user": name}, NOW).item == name


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], r"an event is an object of fields: got \[\]"),
        ({"id": "e"}, "kind: expected impression or interaction, got None"),
        ({**CLICK, "kind": "view"}, "kind: expected impression or interaction, got 'view'"),
        ({**CLICK, "kind": ["interaction"]}, "kind: expected"),
        ({**CLICK, "items": ["a"]}, "items: not a field of an interaction, which has behavior"),
        ({**SHOWN, "value": 1}, "value: not a field of an impression"),
        ({**CLICK, "id": None}, "id: missing"),
        ({**SHOWN, "items": None}, "items: missing"),
        ({**CLICK, "id": 7}, "id: expected a text, got 7"),
        ({**CLICK, "item": ["a"]}, "item: expected a text"),
        ({**CLICK, "user": ""}, "user: expected 1 to 512 characters, got 0"),
        ({**CLICK, "user": " "}, "user: ' ' is blank"),
        ({**CLICK, "item": "a" * 513}, "item: expected 1 to 512 characters, got 513"),
        ({**CLICK, "id": "a\0b"}, r"id: 'a\\x00b' is blank or has a control character"),
        ({**CLICK, "id": "a\nb"}, "control character"),
        ({**CLICK, "id": "a\ud800"}, "control character"),
        ({**CLICK, "user": None}, "user: an interaction needs a user, a session or a request"),
        ({**CLICK, "value": math.nan}, "value: expected a finite number"),
        ({**CLICK, "value": math.inf}, "value: expected a finite number"),
        ({**CLICK, "value": 10**400}, "value: expected a finite number"),
        ({**CLICK, "value": True}, "value: expected a finite number"),
        ({**CLICK, "value": "4"}, "value: expected a finite number"),
        ({**CLICK, "time": math.nan}, "time: expected seconds since 1970, got nan"),
        ({**CLICK, "time": -1}, "time: expected seconds since 1970"),
        ({**CLICK, "time": "2026-01-01"}, "time: expected seconds since 1970"),
        ({**CLICK, "time": NOW + 301}, "is 301 s in the future, more than 300. Set the clock."),
        ({**CLICK, "time": 1000 * NOW}, "Is it in milliseconds?"),
        ({**SHOWN, "items": []}, "items: expected a list of 1 to 1000 values, got 0 of them"),
        ({**SHOWN, "items": ["a"] * 1001}, "got 1001 of them"),
        ({**SHOWN, "items": "ab"}, "items: expected a list"),
        ({**SHOWN, "items": ["a", 3]}, "items: expected a text, got 3"),
        ({**SHOWN, "items": ["a", "a"]}, "items: an item is given twice"),
        ({**SHOWN, "positions": [1]}, "positions: expected one for each of 2 items, got 1"),
        ({**SHOWN, "positions": [0, 1]}, "positions: expected whole numbers from 1 to 1,000,000"),
        ({**SHOWN, "positions": [1, 2.0]}, "positions: expected whole numbers"),
        ({**SHOWN, "propensities": [0.5, 0]}, r"propensities: expected numbers in \(0, 1\], got 0"),
        ({**SHOWN, "propensities": [0.5, 1e-39]}, "propensities: expected numbers"),
        ({**SHOWN, "context": [1]}, "context: expected an object"),
        ({**SHOWN, "context": {"x": {}}}, "context: x: expected a finite number"),
        ({**SHOWN, "context": {"x": True}}, "context: x: expected a text or a number"),
        ({**SHOWN, "context": {"x": [1] * 1001}}, "context: x has 1001 values"),
        ({**SHOWN, "context": {"x": "\0"}}, "context: x: expected at most 2000 characters without"),
        ({**SHOWN, "context": {str(n): 1 for n in range(201)}}, "at most 200 features"),
    ],
)
def test_what_is_wrong_is_named(fields, message):
    with pytest.raises(InputError, match=message):
        read_event(fields, NOW)
