"""The report on reading impressions."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class ImpressionsReport:
    """Counts of rows that were read and dropped, and what the labels are.

    >>> report = ImpressionsReport(rows_read=9, impressions=8, requests=3, users=2, items=4,
    ...                            labels={"click": 0.25}, dropped={"missing user": 1})
    >>> print("\\n".join(report.lines()))
    9 rows read, 8 impressions of 4 items to 2 users in 3 requests.
    click: mean 0.25.
    1 dropped: missing user.

    Args:
        rows_read: data rows in the source.
        impressions: rows that were kept.
        requests: how many there are; None without requests.
        users, items: how many occur.
        labels: mean of each label where it is not missing; None where it is missing in every row.
        missing_labels: by label, how many rows have none.
        dropped: rows left out, by reason.
        missing_features: by feature, how many rows have no value.
        notes: sentences on what may not be read as intended.
    """

    rows_read: int
    impressions: int
    requests: int | None
    users: int
    items: int
    labels: dict[str, float | None]
    missing_labels: dict[str, int] = dataclasses.field(default_factory=dict)
    dropped: dict[str, int] = dataclasses.field(default_factory=dict)
    missing_features: dict[str, int] = dataclasses.field(default_factory=dict)
    notes: list[str] = dataclasses.field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dataclasses.asdict(self)

    def lines(self) -> list[str]:
        """Short sentences for a terminal or a log."""
        requests = "" if self.requests is None else f" in {self.requests:,} requests"
        lines = [
            f"{self.rows_read:,} rows read, {self.impressions:,} impressions of {self.items:,} "
            f"items to {self.users:,} users{requests}."
        ]
        for name, mean in self.labels.items():
            missing = self.missing_labels.get(name, 0)
            mean = "-" if mean is None else f"{mean:.4g}"
            lines.append(f"{name}: mean {mean}{f', {missing:,} missing' if missing else ''}.")
        lines += [f"{count:,} dropped: {reason}." for reason, count in self.dropped.items()]
        for feature, count in self.missing_features.items():
            if count:
                lines.append(f"{count:,} missing values of {feature}.")
        return [*lines, *self.notes]
