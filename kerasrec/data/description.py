"""What is in a table of interactions, before anything is trained."""

import dataclasses
from typing import Any

import numpy as np

from kerasrec.data.activity import improbable_users
from kerasrec.data.interactions import Interactions
from kerasrec.data.report import Report
from kerasrec.data.row_filters import of_bots
from kerasrec.data.row_order import distinct_pairs
from kerasrec.distinct import is_in

# As `splits.by_time` cuts: the latest tenth is test.
TEST = 0.1
# More events in a minute than a person has.
PER_MINUTE = 60
NAMED = 5


@dataclasses.dataclass(frozen=True)
class Description:
    """Counts of a table; `to_dict` has plain JSON types.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"user": list("aab"), "item": list("xyx"), "timestamp": [1, 2, 3]})
    >>> about = Description.of(Interactions.from_frame(log))
    >>> about.users["histogram"], about.repeated
    ([{'from': 1, 'to': 1, 'count': 1}, {'from': 2, 'to': 2, 'count': 1}], 0)

    Args:
        report: what reading did: rows, density, duplicates, bad rows, times.
        users, items: events of each: least, median, mean, p90, p99, most, and a histogram.
        repeated: rows of a user with an item that the user had before.
        bots: users of more than 60 events in a minute: id -> events, the most active first.
        improbable: users of improbable activity: id -> events, the most active first.
        bot_count, improbable_count: how many there are; at most 5 are named.
        leak: rows of the latest tenth whose user has the item before it as well, and how many rows
            the tenth has; None without times.
    """

    report: Report
    users: dict[str, Any]
    items: dict[str, Any]
    repeated: int
    bots: dict[str, int]
    improbable: dict[str, int]
    bot_count: int
    improbable_count: int
    leak: dict[str, int] | None

    @classmethod
    def of(cls, data: Interactions) -> "Description":
        """Counts of what was read."""
        counts = data.user_counts()
        bots = np.empty(0, dtype=np.int64)
        if data.timestamp is not None:
            crowded = of_bots(data.user, data.timestamp, PER_MINUTE)
            bots = np.unique(data.user[crowded])
            bots = bots[np.argsort(-counts[bots], kind="stable")]
        improbable = improbable_users(counts)
        pairs = data.user.astype(np.int64) * len(data.items) + data.item
        return cls(
            report=data.report,
            users=_activity(counts),
            items=_activity(data.item_counts()),
            repeated=len(pairs) - distinct_pairs(data.user, data.item),
            bots=_named(data, bots, counts),
            improbable=_named(data, improbable, counts),
            bot_count=len(bots),
            improbable_count=len(improbable),
            leak=None if data.timestamp is None else _leak(data.timestamp, pairs),
        )

    @property
    def repeats_matter(self) -> bool:
        """Whether people take items again: a fifth of the rows and more."""
        return self.repeated * 5 > self.report.interactions

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _activity(counts: np.ndarray) -> dict[str, Any]:
    """Events of those that have some, and a histogram by powers of two."""
    counts = counts[counts > 0]
    low, p90, p99 = (float(np.percentile(counts, share)) for share in (50, 90, 99))
    top = int(counts.max()).bit_length() + 1
    # 1, 2, 3-4, 5-8, 9-16, ...
    places = np.ceil(np.log2(counts)).astype(int)
    bars = np.bincount(places, minlength=top)
    edges = [(2 ** (place - 1) + 1 if place else 1, 2**place) for place in range(len(bars))]
    last = int(np.flatnonzero(bars)[-1]) + 1
    first = int(np.flatnonzero(bars)[0])
    return {
        "least": int(counts.min()),
        "median": low,
        "mean": float(counts.mean()),
        "p90": p90,
        "p99": p99,
        "most": int(counts.max()),
        "histogram": [
            {"from": edges[place][0], "to": edges[place][1], "count": int(bars[place])}
            for place in range(first, last)
        ],
    }


def _named(data: Interactions, rows: np.ndarray, counts: np.ndarray) -> dict[str, int]:
    ids = data.users.vocabulary.lookup(rows[:NAMED])
    return dict(zip(ids.tolist(), counts[rows[:NAMED]].tolist(), strict=True))


def _leak(seconds: np.ndarray, pairs: np.ndarray) -> dict[str, int]:
    cut = seconds[min(round(len(seconds) * (1 - TEST)), len(seconds) - 1)]
    later = seconds >= cut
    # Sorted ones are found in less time.
    both = is_in(np.sort(pairs[later]), np.sort(pairs[~later]))
    return {"rows": int(both.sum()), "of": int(later.sum())}
