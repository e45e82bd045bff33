"""The checked rows of a table of interactions, without duplicates and in time order."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.activity import latest_events
from kerasrec.data.table import Table
from kerasrec.errors import InputError

COLUMNS = ("user", "item", "timestamp", "value", "behavior", "fold")


@dataclasses.dataclass(frozen=True, eq=False)
class CleanRows:
    """What is left of a table once bad rows and duplicates are gone; n rows in time order.

    Args:
        columns: key -> column of the table, for those of `COLUMNS` that there are.
        ids: "user", "item" and where there is one "behavior" -> (codes, texts): codes int (n,)
            index the external ids in texts, each of which occurs.
        timestamp: int64 (n,) Unix seconds, or None.
        value: float64 (n,), or None.
        fold: int32 (n,), or None.
        rows_read: data rows of the table.
        duplicates_merged: rows left out because a later one says the same.
        out_of_order: rows that are earlier than a row of the same user above them.
        equal_times: rows at a time at which the same user has another row.
    """

    columns: dict[str, Any]
    ids: dict[str, tuple[np.ndarray, np.ndarray]]
    timestamp: np.ndarray | None
    value: np.ndarray | None
    fold: np.ndarray | None
    rows_read: int
    duplicates_merged: int
    out_of_order: int
    equal_times: int

    def __len__(self) -> int:
        return len(self.ids["user"][0])

    @classmethod
    def of(
        cls,
        table: Table,
        columns: Mapping[str, Any] | None,
        max_events_per_user: int | None = None,
    ) -> "CleanRows":
        """Check every column of a table and keep the rows that count.

        Args:
            table: whose `dropped` and `repaired` then say what was done.
            columns: key -> column, see `Interactions.from_frame`.
            max_events_per_user: how many rows of each user are kept, the latest; None for all.

        Raises:
            InputError: a missing column, a bad value, no rows.
        """
        columns = table.resolve(columns, COLUMNS, needed=("user", "item"))
        if not len(table.frame):
            raise InputError(f"{table.where}: no data rows.")
        keys = [key for key in ("user", "item", "behavior") if key in columns]
        ids = {key: table.texts(key, columns[key]) for key in keys}
        order, timestamp, value, fold = np.arange(len(table.frame)), None, None, None
        if "timestamp" in columns:
            order, timestamp = table.times("timestamp", columns["timestamp"])
        if "value" in columns:
            value = table.numbers("value", columns["value"])
        if "fold" in columns:
            fold = table.integers("fold", columns["fold"])

        # Now that every column was read, `table.keep` marks the good rows.
        same = {key: codes for key, (codes, _) in ids.items()}
        same |= {} if timestamp is None else {"time": order}
        same |= {} if fold is None else {"fold": fold}
        kept, merged = _last_of_equal(table.keep, same)
        if not len(kept):
            raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
        kept = kept[np.argsort(order[kept], kind="stable")]
        if max_events_per_user is not None:
            latest = latest_events(ids["user"][0][kept], max_events_per_user)
            reason = f"before the latest {max_events_per_user:,} of the same user"
            table.dropped |= {} if latest.all() else {reason: int((~latest).sum())}
            kept = kept[latest]
        # Ids that only dropped rows have must not get a row in a catalog.
        ids = {key: _used(codes[kept], texts) for key, (codes, texts) in ids.items()}
        out_of_order, equal_times = _order(ids["user"][0], order[kept], kept)
        return cls(
            columns=columns,
            ids=ids,
            timestamp=None if timestamp is None else timestamp[kept],
            value=None if value is None else value[kept],
            fold=None if fold is None else fold[kept],
            rows_read=len(table.frame) - table.dropped.get("blank line", 0),
            duplicates_merged=merged,
            out_of_order=out_of_order,
            equal_times=equal_times,
        )


def _last_of_equal(keep: np.ndarray, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, int]:
    """Positions to keep, of rows with equal columns the last, and how many others there were."""
    kept = np.flatnonzero(keep)
    frame = pd.DataFrame({key: column[kept] for key, column in columns.items()})
    last = ~frame.duplicated(keep="last").to_numpy()
    return kept[last], len(kept) - int(last.sum())


def _used(codes: np.ndarray, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same ids, without the texts that no code names."""
    used = np.zeros(len(texts), dtype=bool)
    used[codes] = True
    return (np.cumsum(used) - 1)[codes], texts[used]


def _order(users: np.ndarray, time: np.ndarray, positions: np.ndarray) -> tuple[int, int]:
    """Counts of rows that are earlier than a row above them, and of rows at one time."""
    rows = pd.DataFrame({"user": users, "time": time})
    latest = rows.iloc[np.argsort(positions)].groupby("user", sort=False)["time"].cummax()
    earlier = int((latest.sort_index() > rows["time"]).sum())
    return earlier, int(rows.duplicated(keep=False).sum())
