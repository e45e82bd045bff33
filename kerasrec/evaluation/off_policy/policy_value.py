"""The value of a policy, estimated from the log of another one."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class PolicyValue:
    """The mean reward of a row under the target policy.

    Attributes:
        estimator: "ips", "snips" or "dr".
        value, low, high: The estimate with its interval.
        level: Of the interval.
        logged: The mean reward of the log, which is the value of the policy that served.
        rows, requests: What it was estimated from.
        effective: Effective sample size of the rows, `(sum w)^2 / sum w^2`.
        mean_weight: 1 on average where the log covers the target and nothing is clipped.
        clip: The largest weight allowed; None for all.
        clipped: Share of the rows whose weight was cut.
        removed: Share of the total weight that was cut off: about the bias of it, relatively.
        unclipped: The estimate without clipping; the same as `value` where `clip` is None.
    """

    estimator: str
    value: float
    low: float
    high: float
    level: float
    logged: float
    rows: int
    requests: int
    effective: float
    mean_weight: float
    clip: float | None
    clipped: float
    removed: float
    unclipped: float

    def to_dict(self):
        """The attributes, as JSON takes them."""
        return dataclasses.asdict(self)

    def sentence(self):
        """All of it in one line for people."""
        text = (
            f"{self.estimator}: {self.value:.6g} [{self.low:.6g}, {self.high:.6g}] at "
            f"{self.level:.0%}, logged {self.logged:.6g}; {self.rows:,} rows of {self.requests:,} "
            f"requests count as {self.effective:,.0f} ({self.effective / self.rows:.0%})"
        )
        if self.clip is not None:
            text += (
                f"; weights above {self.clip:g} cut in {self.clipped:.2%} of the rows, "
                f"{self.removed:.2%} of all weight, without it {self.unclipped:.6g}"
            )
        return text
