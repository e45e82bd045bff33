"""How many events each user has: a cap on them, and users with more than people have."""

import numpy as np

# A user's activity is improbable above this multiple of the median, and above this many events:
# where the median is 1, a hundred events are nothing special.
TIMES_MEDIAN = 100
EVENTS = 10_000
# As many are named in a note.
NAMED = 3
# The cap that a note suggests is at least this.
LEAST_CAP = 1000


def latest_events(user: np.ndarray, most: int, time: np.ndarray | None = None) -> np.ndarray:
    """Which events are among the latest of their user, bool (n,).

    Of equal times, and without times, the later positions count as later.

    >>> latest_events(np.array([0, 1, 0, 0]), most=2).tolist()
    [False, True, True, True]
    >>> latest_events(np.array([0, 1, 0, 0]), most=2, time=np.array([9, 1, 3, 3])).tolist()
    [True, True, False, True]

    Args:
        user: int (n,), codes from 0.
        most: events kept of a user.
        time: (n,), or None.
    """
    order = np.argsort(user, kind="stable") if time is None else np.lexsort((time, user))
    ends = np.cumsum(np.bincount(user))
    from_end = ends[user[order]] - 1 - np.arange(len(user))
    kept = np.empty(len(user), dtype=bool)
    kept[order] = from_end < most
    return kept


def improbable_users(counts: np.ndarray) -> np.ndarray:
    """Users whose activity is improbable for a person, the most active first, int64.

    Those with more than `TIMES_MEDIAN` times the median, over users with events, and more than
    `EVENTS` events. The median does not move with the few users that are looked for.

    >>> improbable_users(np.array([30, 20_000, 28, 0, 25, 500_000])).tolist()
    [5, 1]

    Args:
        counts: int (users,), events of each user.
    """
    if not counts.any():
        return np.empty(0, dtype=np.int64)
    limit = max(EVENTS, TIMES_MEDIAN * np.median(counts[counts > 0]))
    found = np.flatnonzero(counts > limit)
    return found[np.argsort(-counts[found], kind="stable")]


def activity_note(counts: np.ndarray, ids: np.ndarray) -> str | None:
    """A sentence that names the users of improbable activity and the way to cap them, or None.

    >>> activity_note(np.array([30, 30, 500_000]), np.array(["ann", "bob", "cron"]))
    "1 user has improbable activity: 'cron' (500,000 events), and the median is 30; \
clean.max_events_per_user: 3000 keeps the latest of each user."
    """
    found = improbable_users(counts)
    if not len(found):
        return None
    median = int(np.median(counts[counts > 0]))
    named = ", ".join(f"{str(ids[i])!r} ({counts[i]:,} events)" for i in found[:NAMED])
    others = ", ..." if len(found) > NAMED else ""
    who = "1 user has" if len(found) == 1 else f"{len(found):,} users have"
    return (
        f"{who} improbable activity: {named}{others}, and the median is {median:,}; "
        f"clean.max_events_per_user: {max(LEAST_CAP, TIMES_MEDIAN * median)} keeps the latest of "
        "each user."
    )
