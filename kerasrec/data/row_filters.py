"""Which rows the options of `Clean` leave out."""

import numpy as np

from kerasrec.data.activity import latest_events
from kerasrec.data.clean import Clean
from kerasrec.data.row_order import in_order
from kerasrec.errors import InputError

MINUTE = 60
# In the order in which they leave out rows.
_REASONS = {
    "start": "before {}",
    "end": "from {} on",
    "max_events_per_minute": "of users with more than {:,} events in a minute",
    "max_events_per_user": "before the latest {:,} of the same user",
    "min_user_events": "of users with fewer than {:,} events",
    "min_item_events": "of items with fewer than {:,} events",
}


def reason_of(clean: Clean, option: str) -> str:
    """What a report calls the rows that an option leaves out.

    >>> reason_of(Clean(min_user_events=5), "min_user_events")
    'of users with fewer than 5 events'
    """
    value = getattr(clean, option)
    return _REASONS[option].format(_date(value) if option in ("start", "end") else value)


def check_times(clean: Clean, timed: bool) -> None:
    """InputError for an option that needs times, where there are none."""
    if clean.needs_times and not timed:
        raise InputError(
            f"clean.{clean.needs_times} reads the time of a row, and the table has none: map a "
            "column to timestamp, or leave the option out."
        )


def filter_rows(
    clean: Clean, user: np.ndarray, item: np.ndarray, seconds: np.ndarray | None
) -> tuple[np.ndarray, dict[str, int]]:
    """Positions of the rows that stay, and by reason how many were left out.

    Args:
        clean: the options.
        user, item: codes from 0, int (n,), in time order.
        seconds: int64 (n,), ascending, or None.

    Raises:
        InputError: an option that needs times, and there are none.
    """
    check_times(clean, seconds is not None)
    kept, reasons = np.arange(len(user)), {}

    def leave_out(option: str, stays: np.ndarray) -> None:
        nonlocal kept
        if not stays.all():
            reasons[reason_of(clean, option)] = int(np.count_nonzero(~stays))
            kept = kept[stays]

    if clean.start is not None:
        leave_out("start", seconds[kept] >= clean.start)
    if clean.end is not None:
        leave_out("end", seconds[kept] < clean.end)
    if (most := clean.max_events_per_minute) is not None:
        leave_out("max_events_per_minute", ~of_bots(user[kept], seconds[kept], most))
    if (most := clean.max_events_per_user) is not None:
        leave_out("max_events_per_user", latest_events(user[kept], most))
    columns = {"user": (user, clean.min_user_events), "item": (item, clean.min_item_events)}
    columns = {name: pair for name, pair in columns.items() if pair[1] is not None}
    while columns:
        before = len(kept)
        few = {name: few_events(codes[kept], least) for name, (codes, least) in columns.items()}
        for name, gone in few.items():
            # A row that is gone for its user is not counted for its item again.
            first = gone if name == "user" else gone & ~few.get("user", False)
            reason = reason_of(clean, f"min_{name}_events")
            if first.any():
                reasons[reason] = reasons.get(reason, 0) + int(np.count_nonzero(first))
        kept = kept[~np.logical_or.reduce(list(few.values()))]
        if not clean.k_core or len(kept) == before:
            break
    return kept, reasons


def few_events(codes: np.ndarray, least: int) -> np.ndarray:
    """Which rows belong to a code that has fewer than `least` rows.

    >>> few_events(np.array([0, 1, 0, 2]), least=2).tolist()
    [False, True, False, True]
    """
    return (np.bincount(codes) < least)[codes] if len(codes) else np.zeros(0, dtype=bool)


def of_bots(user: np.ndarray, seconds: np.ndarray, most: int) -> np.ndarray:
    """Which rows belong to a user with more than `most` rows within 60 seconds.

    >>> of_bots(np.array([0, 1, 0, 0]), np.array([0, 5, 30, 59]), most=2).tolist()
    [True, False, True, True]
    >>> of_bots(np.array([0, 1, 0, 0]), np.array([0, 5, 30, 60]), most=2).tolist()
    [False, False, False, False]

    Args:
        user: codes from 0, int (n,).
        seconds: int64 (n,), ascending.
        most: rows of a user within a minute that a person may have.
    """
    order, users = in_order(user)
    times = seconds[order]
    if len(users) <= most:
        return np.zeros(len(user), dtype=bool)
    crowded = (users[most:] == users[:-most]) & (times[most:] - times[:-most] < MINUTE)
    bots = np.zeros(int(user.max()) + 1, dtype=bool)
    bots[users[most:][crowded]] = True
    return bots[user]


def _date(seconds: int) -> str:
    return str(np.datetime64(seconds, "s")).replace("T00:00:00", "")
