"""What each user did before the time of each impression."""

import dataclasses
from typing import Any

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True, eq=False)
class Past:
    """The events of all users, and where in them each row of a table stands.

    Row i knows the events `first[i]` to `stop[i] - 1` of its user: those that are strictly earlier
    than the row. An event of the same second is not known, since it may be the outcome of the row.

    Args:
        histories: all events by user row; without times for rows that are events themselves.
        first, stop: int64 (n,), positions in the flat arrays of `histories`.
        behaviors: names of the behaviors, or None.
    """

    histories: Histories
    first: np.ndarray
    stop: np.ndarray
    behaviors: Vocabulary | None = None

    @classmethod
    def of(
        cls,
        events: Interactions,
        user: np.ndarray,
        timestamp: np.ndarray,
        num_users: int | None = None,
    ) -> "Past":
        """The past of rows of these users at these times.

        Users up to `num_users` that the events do not know have none.

        >>> import pandas as pd
        >>> events = Interactions.from_frame(pd.DataFrame(
        ...     {"user": list("uuv"), "item": list("aba"), "timestamp": [10, 20, 15]}))
        >>> past = Past.of(events, np.array([2, 2, 3]), np.array([20, 21, 15]))
        >>> (past.stop - past.first).tolist()
        [1, 2, 0]
        """
        histories = events.histories().for_keys(num_users or 0)
        return cls(histories, *known_events(histories, user, timestamp), events.behaviors)

    @classmethod
    def of_events(cls, events: Interactions, rows: np.ndarray) -> "Past":
        """The past of some of the events themselves; without times their order is the time.

        >>> import pandas as pd
        >>> frame = pd.DataFrame({"user": list("uvu"), "item": list("aab")})
        >>> events = Interactions.from_frame(frame)
        >>> past = Past.of_events(events, np.array([0, 1, 2]))
        >>> (past.stop - past.first).tolist()
        [0, 0, 1]
        """
        if events.timestamp is not None:
            return cls.of(events, events.user[rows], events.timestamp[rows])
        place = np.empty(len(events), np.int64)
        place[np.argsort(events.user, kind="stable")] = np.arange(len(events))
        histories = events.histories()
        first = histories.indptr[events.user[rows]]
        return cls(histories, first, place[rows], events.behaviors)

    def select(self, index: Any) -> "Past":
        """The past of some of the rows."""
        return dataclasses.replace(self, first=self.first[index], stop=self.stop[index])

    def until(self, time: int) -> Histories:
        """The events of all users up to a time."""
        kept = self.histories.timestamp <= time
        before = np.concatenate([[0], np.cumsum(kept)])
        columns = (self.histories.items, self.histories.behavior, self.histories.timestamp)
        columns = (None if one is None else one[kept] for one in columns)
        return Histories(before[self.histories.indptr], *columns)

    def through(self, user: np.ndarray) -> Histories:
        """The events of each user up to that of its last row, where rows are events."""
        start = self.histories.indptr[:-1]
        end = start.copy()
        np.maximum.at(end, user, self.stop + 1)
        kept = np.arange(len(self.histories.items)) < np.repeat(end, self.histories.lengths)
        columns = (self.histories.items, self.histories.behavior)
        columns = (None if one is None else one[kept] for one in columns)
        return Histories(np.concatenate([[0], np.cumsum(end - start)]), *columns)


def known_events(
    histories: Histories, user: np.ndarray, timestamp: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where the events of each row's user begin, and where those before its time end."""
    first = histories.indptr[user]
    low, high = first.copy(), histories.indptr[user + 1].copy()
    # A binary search for all rows at once, each among the events of its own user.
    while (open_ := low < high).any():
        middle = (low + high) // 2
        times = histories.timestamp[np.minimum(middle, len(histories.items) - 1)]
        earlier = open_ & (times < timestamp)
        low = np.where(earlier, middle + 1, low)
        high = np.where(open_ & ~earlier, middle, high)
    return first, low
