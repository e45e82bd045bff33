"""The report on reading a table."""

import dataclasses
from datetime import datetime, timezone
from typing import Any


@dataclasses.dataclass(frozen=True)
class Report:
    """Counts of rows that were read, kept, merged, dropped and repaired.

    >>> report = Report(rows_read=6, duplicates_merged=1, users=2, items=3, interactions=5,
    ...                 density=5 / 6, dropped={}, missing_features={"item.genres": 1})
    >>> print("\\n".join(report.lines()))
    6 rows read, 5 interactions of 2 users with 3 items (density 83.33%).
    1 duplicate row merged (the last one kept).
    1 missing value of item.genres.

    Args:
        rows_read: data rows in the source.
        duplicates_merged: rows left out because a later one has the same user, item, time,
            behavior and fold.
        dropped: rows left out by reason (`on_error="drop"`, and blank lines of a file; those of a
            table of features as "item frame: reason").
        users, items: how many occur in the interactions.
        density: distinct pairs of a user and an item / (users * items).
        first_time, last_time: Unix seconds, None without timestamps.
        out_of_order: rows earlier than a row of the same user above them; they were sorted by time.
        equal_times: rows with the time of another row of the same user; they keep the order of the
            source.
        missing_features: by "item.<feature>" or "user.<feature>", how many rows of the catalog
            have no value.
        ignored: by "user.<feature>: reason", how many ids in its lists of users were left out.
        notes: sentences on users of improbable activity, and on features that may not be read as
            intended.
        repaired: by kind of repair, how many ids were changed.
    """

    rows_read: int
    duplicates_merged: int
    users: int
    items: int
    interactions: int
    density: float
    dropped: dict[str, int] = dataclasses.field(default_factory=dict)
    first_time: int | None = None
    last_time: int | None = None
    out_of_order: int = 0
    equal_times: int = 0
    missing_features: dict[str, int] = dataclasses.field(default_factory=dict)
    ignored: dict[str, int] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)
    repaired: dict[str, int] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dataclasses.asdict(self)

    def lines(self) -> list[str]:
        """Short sentences for a terminal or a log."""
        lines = [
            f"{_count(self.rows_read, 'row')} read, {_count(self.interactions, 'interaction')} of "
            f"{_count(self.users, 'user')} with {_count(self.items, 'item')} "
            f"(density {self.density:.2%})."
        ]
        if self.first_time is not None and self.last_time is not None:
            lines.append(f"From {_date(self.first_time)} to {_date(self.last_time)}.")
        if self.out_of_order:
            rows = _count(self.out_of_order, "row")
            lines.append(f"{rows} earlier than one of the same user above: sorted by time.")
        if self.equal_times:
            rows = _count(self.equal_times, "row")
            lines.append(f"{rows} at the time of another of the same user: left in their order.")
        if self.duplicates_merged:
            merged = _count(self.duplicates_merged, "duplicate row")
            lines.append(f"{merged} merged (the last one kept).")
        for reason, count in self.dropped.items():
            lines.append(f"{_count(count, 'row')} dropped: {reason}.")
        for what, count in self.repaired.items():
            lines.append(f"{_count(count, 'row')} repaired: {what}.")
        for feature, count in self.missing_features.items():
            side, _, _ = feature.partition(" table row")
            if count and feature != side:
                lines.append(f"{_count(count, side)} without a row in the table of {side}s.")
            elif count:
                lines.append(f"{_count(count, 'missing value')} of {feature}.")
        for what, count in self.ignored.items():
            feature, _, reason = what.partition(": ")
            lines.append(f"{_count(count, 'id')} of {feature} ignored: {reason}.")
        return [*lines, *self.notes]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"
