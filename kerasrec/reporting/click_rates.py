"""Click-through rates of groups of impressions."""

import numpy as np

from kerasrec.evaluation.clustered_ratio import clustered_ratio


def click_rates(impressions, groups, people, label="click", level=0.95):
    """Impressions, clicks and click-through rate of each group, with intervals over people.

    The impressions of a person are alike, so people and not impressions are the sample.

    Args:
        impressions: DataFrame with the column `label`, 1 or 0.
        groups: `(n,)`, the group of each impression; missing ones are left out.
        people: `(n,)`, whose impression it is.
        label: Name of the column.
        level: Of the intervals.

    Returns:
        List of dicts `group`, `impressions`, `clicks`, `people`, `rate`, `low`, `high`, in the
        order of the groups. Low and high are None for one person.
    """
    import pandas as pd

    groups = pd.Series(np.asarray(groups), index=impressions.index)
    rows = []
    for group in sorted(groups.dropna().unique()):
        inside = (groups == group).to_numpy()
        clicks = impressions[label].to_numpy(dtype="float64")[inside]
        found = clustered_ratio(clicks, clusters=people[inside], level=level)
        low, high = (None if np.isnan(one) else one for one in (found.low, found.high))
        rows.append(
            {
                "group": str(group),
                "impressions": int(inside.sum()),
                "clicks": int(clicks.sum()),
                "people": found.clusters,
                "rate": found.value,
                "low": low,
                "high": high,
            }
        )
    return rows
