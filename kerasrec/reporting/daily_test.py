"""The difference of two versions, looked at every day."""

import numpy as np

from kerasrec.evaluation.clustered_ratio import clustered_ratio
from kerasrec.reporting.days import day_name
from kerasrec.reporting.mixture_test import mixture_test

# The central limit theorem needs some of both before the first look.
LEAST_PEOPLE, LEAST_CLICKS = 100, 20
EFFECT = 0.1  # relative difference that is looked for


def daily_test(days, people, second, shown, clicks, alpha=0.05):
    """Compares the click-through rates of two versions at the end of every day.

    Each look takes all impressions so far. The difference is that of two ratios of sums, its
    variance the sum of both variances clustered by person, and `mixture_test` makes it valid at all
    looks. The spread is 10 % of the rate of both at the first look. A look counts from 100 people
    and 20 clicks of each version on.

    Args:
        days: `(n,)` day numbers. A row is what one person saw on one day, or a part of it.
        people: `(n,)`, who it was.
        second: `(n,)` bool, whether it was the second version.
        shown, clicks: `(n,)`, impressions and clicks.
        alpha: Chance of an error over all looks.

    Returns:
        List of dicts, one a look: `day`, `difference` (second minus first), `low`, `high`, and `p`,
        the smallest so far. Empty without enough data.
    """
    _, person = np.unique(np.asarray(people), return_inverse=True)
    second = np.asarray(second, dtype=bool)
    size = int(person.max(initial=-1)) + 1
    sums = np.zeros((2, 2, size))  # version, shown and clicks, person
    looks, smallest, spread = [], 1.0, None
    days = np.asarray(days)
    order = np.argsort(days, kind="stable")
    ends = np.flatnonzero(np.diff(days[order])) + 1
    for rows in np.split(order, ends) if size else ():
        for version in (0, 1):
            own = rows[second[rows] == version]
            for i, values in enumerate((shown, clicks)):
                sums[version, i] += np.bincount(person[own], np.asarray(values)[own], size)
        there = sums[:, 0] > 0
        if there.sum(axis=1).min() < LEAST_PEOPLE or sums[:, 1].sum(axis=1).min() < LEAST_CLICKS:
            continue
        first, other = (clustered_ratio(sums[i, 1][there[i]], sums[i, 0][there[i]]) for i in (0, 1))
        if spread is None:
            spread = EFFECT * sums[:, 1].sum() / sums[:, 0].sum()
        variance = first.error**2 + other.error**2
        found = mixture_test(other.value - first.value, variance, spread, alpha)
        smallest = min(smallest, found.p)
        looks.append(
            {
                "day": day_name(days[rows[0]]),
                "difference": other.value - first.value,
                "low": found.low,
                "high": found.high,
                "p": smallest,
            }
        )
    return looks
