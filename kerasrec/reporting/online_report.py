"""A report on what versions showed and what people did."""

import dataclasses

import numpy as np

from kerasrec.errors import InputError
from kerasrec.reporting.click_rates import click_rates
from kerasrec.reporting.daily_test import daily_test
from kerasrec.reporting.days import DAY, day_name, day_numbers
from kerasrec.reporting.drift import drift
from kerasrec.reporting.sample_ratio import sample_ratio
from kerasrec.reporting.weekly_quality import weekly_quality

COLUMNS = ("request", "user", "item", "timestamp", "position", "version")
POSITIONS, YOUNG = 10, 30  # positions listed; days


@dataclasses.dataclass(frozen=True)
class OnlineReport:
    """Tables of plain values.

    Attributes:
        impressions, requests, people: Numbers.
        first_day, last_day: Dates as texts.
        versions, positions, groups, days: Rows of `click_rates`; those of `days` have a `version`,
            those of `groups` are named "item: ..." and "user: ...".
        tests: dict version -> looks of `daily_test` against the baseline.
        baseline: The version with the most impressions, or as asked.
        ratio: `sample_ratio`, or None.
        several: People who saw more than one version.
        weeks: `weekly_quality`.
        drift: `drift` of the last week, or None.
        notes: Sentences on what is missing.
    """

    impressions: int
    requests: int
    people: int
    first_day: str
    last_day: str
    versions: list
    positions: list
    groups: list
    days: list
    tests: dict
    baseline: str
    ratio: dict | None
    several: int
    weeks: list
    drift: dict | None
    notes: list

    def to_dict(self):
        """All of it, as JSON takes it."""
        return dataclasses.asdict(self)


def online_report(
    impressions, interactions, train=None, shares=None, baseline=None, label="click", level=0.95
):
    """Makes a report of the frames that `kerasrec.events` reads.

    Args:
        impressions: DataFrame, a row for each item shown: `request`, `user` (None if nobody is
            named; then the request is the sample), `item`, `timestamp`, `position`, `version` and
            the label, 1 or 0. As `read_impressions` gives.
        interactions: DataFrame `user`, `item`, `timestamp`. As `read_interactions` gives.
        train: DataFrame `user`, `item` and, for the age of items, `timestamp`: what the model was
            trained on; None for no drift and no groups.
        shares: dict version -> share of the people it was to serve; None for no test of them.
        baseline: The version that others are compared with; None for that with the most
            impressions.
        label: Column of the clicks.
        level: Of the intervals; 1 - level is the chance of an error of the daily test.

    Returns:
        `OnlineReport`.

    Raises:
        InputError: for a missing column, no impressions, or an unknown baseline.
    """
    _check(impressions, (*COLUMNS, label), "impressions")
    _check(interactions, ("user", "item", "timestamp"), "interactions")
    if train is not None:
        _check(train, ("user", "item"), "train")
    if not len(impressions):
        raise InputError(
            "there are no impressions whose half hour for clicks is over: log them with "
            "`kerasrec serve --log-impressions`, or wait"
        )
    shown = impressions.reset_index(drop=True)
    versions = shown["version"].astype(object).where(shown["version"].notna(), "unknown")
    versions = versions.astype(str)
    people = shown["user"].astype(object)
    named = people.notna()
    people = people.astype(str).where(named, "request:" + shown["request"].astype(str)).to_numpy()
    days = day_numbers(shown["timestamp"])
    baseline = versions.value_counts().index[0] if baseline is None else str(baseline)
    if baseline not in set(versions):
        have = ", ".join(sorted(set(versions)))
        raise InputError(f"baseline: no impressions of version {baseline!r}, there are {have}")
    counts, several = _people_of(people, versions)
    notes = _notes(named, train, shares)
    end = float(max(shown["timestamp"].max(), interactions["timestamp"].max() if len(interactions)
                    else -np.inf))  # fmt: skip
    recent = interactions[interactions["timestamp"] > end - 7 * DAY]

    def rates(groups, rows=slice(None)):
        return click_rates(shown[rows], np.asarray(groups)[rows], people[rows], label, level)

    return OnlineReport(
        impressions=len(shown),
        requests=int(shown["request"].nunique()),
        people=len(set(people)),
        first_day=day_name(days.min()),
        last_day=day_name(days.max()),
        versions=rates(versions),
        positions=[
            {**row, "group": f"position {position}"}
            for position in sorted(shown["position"].unique())[:POSITIONS]
            for row in rates(shown["position"], (shown["position"] == position).to_numpy())
        ],
        groups=_groups(shown, train, rates),
        days=[
            {**row, "version": version, "group": day_name(int(row["group"]))}
            for version in sorted(set(versions))
            for row in rates(days, (versions == version).to_numpy())
        ],
        tests={
            version: _test(days, people, versions, shown[label], baseline, version, 1 - level)
            for version in sorted(set(versions) - {baseline})
        },
        baseline=baseline,
        ratio=None if shares is None else sample_ratio(counts, shares),
        several=several,
        weeks=weekly_quality(shown, interactions, end, label),
        drift=None if train is None else drift(recent, train),
        notes=notes,
    )


def _test(days, people, versions, clicks, baseline, version, alpha):
    both = versions.isin([baseline, version]).to_numpy()
    second = (versions[both] == version).to_numpy()
    ones = np.ones(int(both.sum()))
    clicks = clicks.to_numpy(dtype="float64")[both]
    return daily_test(days[both], people[both], second, ones, clicks, alpha)


def _people_of(people, versions):
    """Version -> number of people, and how many people saw several."""
    import pandas as pd

    pairs = pd.DataFrame({"person": people, "version": versions}).drop_duplicates()
    several = int((pairs["person"].value_counts() > 1).sum())
    return pairs["version"].value_counts().to_dict(), several


def _groups(shown, train, rates):
    """Click rates by whether a user is known, and by the age of an item."""
    if train is None:
        return []
    known = shown["user"].astype(str).isin(train["user"].astype(str).unique())
    found = rates(np.where(known, "user: known", "user: new"))
    if "timestamp" in train:
        both = [(shown["item"].astype(str), shown["timestamp"])]
        both.append((train["item"].astype(str), train["timestamp"]))
        first = {}
        for items, times in both:
            for item, time in times.groupby(items.to_numpy()).min().items():
                first[item] = min(time, first.get(item, time))
        age = shown["timestamp"] - shown["item"].astype(str).map(first)
        young = (age < YOUNG * DAY).to_numpy()
        found += rates(np.where(young, f"item: under {YOUNG} days", f"item: {YOUNG} days or more"))
    return found


def _notes(named, train, shares):
    notes = []
    if not named.all():
        notes.append(
            f"{1 - named.mean():.1%} of the impressions name no user: there each request is a "
            "person"
        )
    if train is None:
        notes.append("no drift and no groups: name the table the model was trained on (--train)")
    elif "timestamp" not in train:
        notes.append("no ages of items: the train table has no timestamp")
    if shares is None:
        notes.append("no test of the sample ratio: name the shares asked for (--shares)")
    return notes


def _check(frame, columns, what):
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputError(
            f"{what}: no column {', '.join(missing)}, there are "
            f"{', '.join(map(str, frame.columns))}"
        )
