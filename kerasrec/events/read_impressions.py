"""The impressions of a store and their clicks, as the frame of `Impressions.from_frame`."""

import collections
import time

from kerasrec.events.event import IMPRESSION
from kerasrec.events.event_store import pages
from kerasrec.events.read_interactions import PAGE, who

WINDOW = 1800.0  # seconds; Metarank's default as well
FIXED = ("request", "user", "item", "timestamp", "position", "version", "propensity")


def read_impressions(store, since=None, until=None, behaviors=("click",), window=WINDOW):
    """Returns a DataFrame with a row for each item that was shown, and what became of it.

    An interaction belongs to the impression with its request id, if it is with one of the items
    shown and at most `window` seconds later. Clocks differ, so one before the impression counts.

    Args:
        store: `EventStore`.
        since, until: Only impressions with a time from `since` on and before `until`; None for
            `until` leaves out those whose window is not over now.
        behaviors: Names of the labels: a column of 1.0 and 0.0 for each.
        window: Seconds in which an interaction counts.

    Returns:
        Columns `request`, `user`, `item`, `timestamp`, `position`, `version`, `propensity` (NaN
        where it was not logged), a column for each behavior, and one for each feature of a context:
        by its name, or `context.NAME` where another column has that name. `frame.attrs` has
        `unjoined`, the number of interactions with these behaviors that belong to no impression
        that was read.

    >>> from kerasrec.events import Event, open_store
    >>> import tempfile
    >>> with open_store(f"sqlite:///{tempfile.mkdtemp()}/events.db") as store:
    ...     shown = Event("impression", "e1", 5.0, user="u", request="r", items=("a", "b"))
    ...     click = Event("interaction", "e2", 9.0, request="r", item="b", behavior="click")
    ...     _ = store.append([click, shown])
    ...     read_impressions(store)[["item", "position", "click"]]
      item  position  click
    0    a         1    0.0
    1    b         2    1.0
    """
    if until is None:
        until = time.time() - window
    shown, clicks = _read(store, since, until, set(behaviors), window)
    rows, joined, seen = collections.defaultdict(list), 0, set()
    for place, event in enumerate(shown):
        # Without a request id an impression is a request of its own, which nothing joins.
        request = event.id if event.request is None else event.request
        positions = event.positions or range(1, len(event.items) + 1)
        propensities = event.propensities or [None] * len(event.items)
        for item, position, propensity in zip(event.items, positions, propensities, strict=True):
            # What is shown as a request goes on has its id; a repeated item counts once.
            if (request, item) in seen:
                continue
            seen.add((request, item))
            done = clicks.get((event.request, item), {}) if event.request is not None else {}
            done, total = _within(done, event.time, window)
            joined += total
            values = (request, who(event), item, event.time, position, event.version, propensity)
            for name, value in zip(FIXED, values, strict=True):
                rows[name].append(value)
            for name in behaviors:
                rows[name].append(float(name in done))
            rows["place"].append(place)
    frame = _frame(rows, shown, behaviors)
    frame.attrs = {"unjoined": clicks.total - joined}
    return frame.sort_values("timestamp", kind="stable", ignore_index=True)


class _Clicks(dict):
    """(request, item) -> {behavior: times}, and the number of interactions with these behaviors."""

    total = 0


def _read(store, since, until, behaviors, window):
    """The impressions, and the interactions that may belong to them."""
    shown, clicks = [], _Clicks()
    for page in pages(store, since=since, until=until + window, limit=PAGE):
        for _, event in page:
            if event.kind == IMPRESSION:
                if event.time < until:
                    shown.append(event)
            elif event.behavior in behaviors:
                clicks.total += 1
                done = clicks.setdefault((event.request, event.item), {})
                done.setdefault(event.behavior, []).append(event.time)
    return shown, clicks


def _within(done, shown, window):
    """The behaviors that happened in time, and the number of interactions that did."""
    counts = {name: sum(one - shown <= window for one in times) for name, times in done.items()}
    return {name for name, count in counts.items() if count}, sum(counts.values())


def _frame(rows, shown, behaviors):
    import pandas as pd

    kinds = {"timestamp": float, "position": "int64", "propensity": float}
    kinds |= dict.fromkeys(behaviors, float)
    columns = {
        name: pd.Series(rows[name], dtype=kinds.get(name, object)) for name in (*FIXED, *behaviors)
    }
    features = sorted({name for event in shown for name in event.context or ()})
    for name in features:
        values = [(event.context or {}).get(name) for event in shown]
        key = f"context.{name}" if name in columns else name
        columns[key] = pd.Series([values[place] for place in rows["place"]])
    return pd.DataFrame(columns)
