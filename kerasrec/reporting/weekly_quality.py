"""What people did, week by week, beside what they were shown."""

import numpy as np

from kerasrec.reporting.days import DAY, day_name

WINDOW = 1800.0  # seconds


def weekly_quality(impressions, interactions, end, label="click", window=WINDOW):
    """Click rate, hit rate and reciprocal rank of the serving versions in each week.

    * `hit_rate`: of all interactions, the share whose item had been shown to the same user at most
      `window` seconds before. The others were found in another way.
    * `mrr`: over the requests with a click, the mean of 1 / position of the first clicked item.

    Args:
        impressions: DataFrame `request`, `user`, `item`, `timestamp`, `position` and the label.
        interactions: DataFrame `user`, `item`, `timestamp`.
        end: Seconds since 1970; weeks are counted back from here.
        label: Column of the clicks.
        window: Seconds.

    Returns:
        List of dicts `week` (its first day), `impressions`, `clicks`, `rate`, `interactions`,
        `hit_rate`, `requests_clicked`, `mrr`, the earliest first; None where there is nothing.
    """
    weeks = _week(impressions["timestamp"], end)
    done = _week(interactions["timestamp"], end)
    hits = _hits(impressions, interactions, window)
    first = impressions[impressions[label] > 0].groupby("request", sort=False)
    first = first.agg({"timestamp": "min", "position": "min"})
    of_request, reciprocal = _week(first["timestamp"], end), 1.0 / first["position"].to_numpy(float)
    rows = []
    for week in sorted({*weeks.tolist(), *done.tolist()}, reverse=True):
        shown = impressions[label].to_numpy(dtype="float64")[weeks == week]
        own, ranks = hits[done == week], reciprocal[of_request == week]
        rows.append(
            {
                "week": day_name((end - (week + 1) * 7 * DAY) // DAY),
                "impressions": len(shown),
                "clicks": int(shown.sum()),
                "rate": _mean(shown),
                "interactions": len(own),
                "hit_rate": _mean(own),
                "requests_clicked": len(ranks),
                "mrr": _mean(ranks),
            }
        )
    return rows


def _week(timestamps, end):
    """How many whole weeks before the end, 0 for the last one."""
    before = (end - np.asarray(timestamps, dtype="float64")) / (7 * DAY)
    return np.maximum(np.ceil(before) - 1, 0).astype("int64")


def _hits(impressions, interactions, window):
    """Whether each interaction is with an item that its user had just been shown."""
    import pandas as pd

    keys = ["user", "item"]
    shown = impressions[[*keys, "timestamp"]].dropna().astype({"user": str, "item": str})
    done = interactions[[*keys, "timestamp"]].astype({"user": str, "item": str})
    done = done.assign(place=np.arange(len(done)))
    found = pd.merge_asof(
        done.sort_values("timestamp"),
        shown.assign(shown=shown["timestamp"]).sort_values("timestamp"),
        on="timestamp",
        by=keys,
        tolerance=window,
    )
    return found.sort_values("place")["shown"].notna().to_numpy(dtype="float64")


def _mean(values):
    return float(values.mean()) if len(values) else None
