"""What the gate found: the table, the checks, and whether a version may be served."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Judgement:
    """The result of `Gate.judge`.

    Args:
        metric: Name of the metric, such as "ndcg@10".
        rows: A dict a group: `group`, `queries`, `serving`, `new`, `difference`, `low`, `high` and
            `verdict`: "better", "as good", "worse", "not shown to be as good" or "too few".
        checks: A dict a bound: `check`, `serving`, `new`, `bound`, `kept`.
        refused: Sentences; none where the version may be served.
    """

    metric: str
    rows: list
    checks: list
    refused: list

    @property
    def promoted(self):
        """Whether the new version may be served."""
        return not self.refused

    @property
    def sentence(self):
        """The result in one sentence."""
        row = self.rows[0]
        change = (
            f"{self.metric} {row['new']:.4f} beside {row['serving']:.4f} of the serving version, "
            f"difference {row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"
        )
        if self.promoted:
            return f"Promoted: {change}."
        return f"Refused: {'; '.join(self.refused)} ({change})."

    def to_dict(self):
        """Plain values for JSON; numbers that are not known are None."""
        return {
            "promoted": self.promoted,
            "metric": self.metric,
            "groups": [_plain(row) for row in self.rows],
            "checks": [_plain(check) for check in self.checks],
            "refused": self.refused,
            "sentence": self.sentence,
        }

    @classmethod
    def from_dict(cls, value):
        """The inverse of `to_dict`."""
        rows = [
            {key: float("nan") if one is None else one for key, one in row.items()}
            for row in value["groups"]
        ]
        return cls(value["metric"], rows, value["checks"], value["refused"])


def _plain(row):
    return {key: None if value != value else value for key, value in row.items()}
