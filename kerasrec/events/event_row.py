"""An `Event` as the row of a table, and back."""

import json

from kerasrec.events.event import Event

COLUMNS = (
    "event_id", "kind", "time", "user_id", "session_id", "request_id", "version", "item",
    "behavior", "value", "shown",
)  # fmt: skip
# In the column "shown", as JSON.
SHOWN = ("items", "positions", "propensities", "context")


def to_row(event):
    """The values of `COLUMNS`; "shown" has the lists of an impression, as JSON.

    >>> to_row(Event("impression", "e", 5.0, user="u", items=("a", "b")))[-1]
    '{"items":["a","b"]}'
    """
    shown = None
    if event.items:
        values = {name: getattr(event, name) for name in SHOWN}
        given = {name: value for name, value in values.items() if value is not None}
        shown = json.dumps(given, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # The fields of an event up to the value have the order of the columns, but for the first two.
    return (event.id, event.kind, *event[2:10], shown)


def from_row(row):
    """The `Event` of the values of `COLUMNS`.

    >>> event = Event("impression", "e", 5.0, user="u", items=("a",), context={"hour": 9})
    >>> from_row(to_row(event)) == event
    True
    """
    id, kind, *rest, shown = row
    if not shown:
        return Event(kind, id, *rest)
    lists = json.loads(shown)
    context = lists.pop("context", None)
    return Event(kind, id, *rest, **{n: tuple(x) for n, x in lists.items()}, context=context)
