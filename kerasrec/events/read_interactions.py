"""The interactions of a store, as the frame that `Interactions.from_frame` takes."""

from kerasrec.events.event import IMPRESSION
from kerasrec.events.event_store import pages

SESSION = "session:"
PAGE = 10_000


def read_interactions(store, after=0, since=None, until=None):
    """Returns a DataFrame with a row for each interaction, in the order of their times.

    Args:
        store: `EventStore`.
        after: Only events with a larger cursor.
        since, until: Only events with a time from `since` on and before `until`.

    Returns:
        Columns `user`, `item`, `timestamp` (seconds since 1970, a float), `value` (1.0 where the
        event has none) and `behavior`. An interaction without a user is that of the user of its
        request, if the impression was read as well, else of its session: the user is then
        "session:" and the id of the session. `frame.attrs` has `cursor`, the last one that was
        read, and `unknown`, the number of interactions left out because nobody is named.

    >>> from kerasrec.events import Event, open_store
    >>> import tempfile
    >>> with open_store(f"sqlite:///{tempfile.mkdtemp()}/events.db") as store:
    ...     _ = store.append([Event("interaction", "e", 5.0, user="u", item="a", behavior="click")])
    ...     read_interactions(store)
      user item  timestamp  value behavior
    0    u    a        5.0    1.0    click
    """
    import pandas as pd

    found, owners, cursor = [], {}, after
    for page in pages(store, after, since=since, until=until, limit=PAGE):
        cursor = page[-1][0]
        for _, event in page:
            if event.kind == IMPRESSION:
                if event.request is not None:
                    owners[event.request] = who(event)
            else:
                found.append(event)
    users = [event.user or owners.get(event.request) or who(event) for event in found]
    frame = pd.DataFrame(
        {
            "user": pd.Series(users, dtype=object),
            "item": pd.Series([event.item for event in found], dtype=object),
            "timestamp": pd.Series([event.time for event in found], dtype=float),
            "value": pd.Series(
                [1.0 if event.value is None else event.value for event in found], dtype=float
            ),
            "behavior": pd.Series([event.behavior for event in found], dtype=object),
        }
    )
    known = frame["user"].notna()
    frame = frame[known].sort_values("timestamp", kind="stable", ignore_index=True)
    frame.attrs = {"cursor": cursor, "unknown": int((~known).sum())}
    return frame


def who(event):
    """The user of an event, else "session:" and its session; None without both."""
    if event.user is not None or event.session is None:
        return event.user
    return SESSION + event.session
