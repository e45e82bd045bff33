"""Reports on small logs that are counted by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import distance

from kerasrec.errors import InputError
from kerasrec.reporting import online_report
from kerasrec.reporting.drift import drift
from kerasrec.reporting.plot_report import plot_report
from kerasrec.reporting.popularity_divergence import popularity_divergence
from kerasrec.reporting.sample_ratio import sample_ratio
from kerasrec.reporting.weekly_quality import weekly_quality

DAY = 86_400.0
T = 100 * DAY


def shown():
    """Three requests of two items: ann twice on version 1, bob once on version 2."""
    rows = [
        ("r1", "ann", "a", T, 1, "1", 1.0), ("r1", "ann", "b", T, 2, "1", 0.0),
        ("r2", "ann", "a", T + DAY, 1, "1", 0.0), ("r2", "ann", "c", T + DAY, 2, "1", 1.0),
        ("r3", "bob", "b", T + 8 * DAY, 1, "2", 0.0), ("r3", "bob", "c", T + 8 * DAY, 2, "2", 0.0),
    ]  # fmt: skip
    columns = ["request", "user", "item", "timestamp", "position", "version", "click"]
    return pd.DataFrame(rows, columns=columns)


def done():
    rows = [
        ("ann", "a", T + 60), ("ann", "c", T + DAY + 60), ("ann", "b", T + DAY),
        ("bob", "c", T + 8 * DAY + 1700), ("eve", "z", T + 8 * DAY + 1800),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


def train():
    rows = [("ann", "a", T - 50 * DAY), ("ann", "b", T - 29 * DAY), ("dan", "a", T - 20 * DAY)]
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


def rates(rows):
    return {row["group"]: (row["impressions"], row["clicks"], row["people"]) for row in rows}


def test_counts_by_hand():
    report = online_report(shown(), done(), train(), {"1": 1, "2": 1})
    assert (report.impressions, report.requests, report.people) == (6, 3, 2)
    assert (report.first_day, report.last_day) == ("1970-04-11", "1970-04-19")
    assert rates(report.versions) == {"1": (4, 2, 1), "2": (2, 0, 1)}
    assert rates(report.positions) == {"position 1": (3, 1, 2), "position 2": (3, 1, 2)}
    # b is 29 days old on the first day and 37 on the last; c was first shown on the second day.
    assert rates(report.groups) == {
        "user: known": (4, 2, 1), "user: new": (2, 0, 1),
        "item: 30 days or more": (3, 1, 2), "item: under 30 days": (3, 1, 2),
    }  # fmt: skip
    assert report.baseline == "1" and report.tests == {"2": []}
    assert report.ratio["p"] == pytest.approx(1.0) and report.several == 0
    assert [(row["version"], row["group"]) for row in report.days] == [
        ("1", "1970-04-11"), ("1", "1970-04-12"), ("2", "1970-04-19"),
    ]  # fmt: skip
    json.dumps(report.to_dict(), allow_nan=False)


def test_weeks_by_hand():
    """Weeks end with eve's click: ann's are in the one before. Her b was shown a day ago."""
    before, last = weekly_quality(shown(), done(), T + 8 * DAY + 1800)
    assert (before["impressions"], before["clicks"], before["interactions"]) == (4, 2, 3)
    assert before["hit_rate"] == pytest.approx(2 / 3) and before["rate"] == 0.5
    assert before["mrr"] == pytest.approx((1 + 1 / 2) / 2) and before["requests_clicked"] == 2
    assert (last["hit_rate"], last["mrr"], last["rate"]) == (0.5, None, 0.0)


def test_drift_by_hand():
    """Recent: c, z; train: a, b, a. No item in common, so the divergence is 1 bit."""
    report = online_report(shown(), done(), train())
    assert report.drift["interactions"] == 2
    assert report.drift["unknown_users"] == 1.0 and report.drift["unknown_items"] == 1.0
    assert report.drift["divergence"] == pytest.approx(1.0) and report.drift["drift"] == 1.0


def test_divergence_is_that_of_scipy_and_chance_falls_with_the_sample():
    random = np.random.default_rng(0)
    recent, old = random.integers(1, 50, 30), random.integers(1, 50, 30)
    found, _ = popularity_divergence(recent, old)
    assert found == pytest.approx(distance.jensenshannon(recent, old, base=2) ** 2)
    shares = old / old.sum()
    for size in (1000, 100_000):
        found, chance = popularity_divergence(random.multinomial(size, shares), old)
        # To second order JS is a chi-square of 29 over 8 n ln 2.
        assert chance == pytest.approx(29 / (8 * size * np.log(2)), rel=0.2)
        assert found == pytest.approx(chance, rel=1.0)


def test_no_drift_without_interactions():
    assert drift(done().iloc[:0], train())["drift"] is None


def test_sample_ratio_by_hand():
    """600 and 400 of equal shares: chi-square 40; of 6 : 4 it is 0."""
    assert sample_ratio({"a": 600, "b": 400}, {"a": 1, "b": 1})["mismatch"]
    right = sample_ratio({"a": 600, "b": 400}, {"a": 6, "b": 4})
    assert right == {"p": 1.0, "mismatch": False, "expected": {"a": 600.0, "b": 400.0}}
    with pytest.raises(InputError, match="has the versions a, b, the shares name a, c"):
        sample_ratio({"a": 1, "b": 1}, {"a": 1, "c": 1})


def test_without_users_each_request_is_a_person():
    report = online_report(shown().assign(user=None), done())
    assert report.people == 3 and report.drift is None and report.groups == []
    assert report.notes[0].startswith("100.0% of the impressions name no user")


def test_who_sees_several_versions_is_counted():
    frame = shown()
    frame.loc[frame["request"] == "r2", "version"] = "2"
    assert online_report(frame, done()).several == 1


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (lambda one: one.drop(columns="click"), {}, "impressions: no column click"),
        (lambda one: one.iloc[:0], {}, "no impressions"),
        (lambda one: one, {"baseline": "7"}, "no impressions of version '7', there are 1, 2"),
    ],
)
def test_refused(change, arguments, said):
    with pytest.raises(InputError, match=said):
        online_report(change(shown()), done(), **arguments)


def test_a_train_table_without_items_is_refused():
    with pytest.raises(InputError, match="train: no column item, there are user"):
        online_report(shown(), done(), train()[["user"]])


def test_plot(tmp_path):
    plot_report(tmp_path / "report.png", online_report(shown(), done()))
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
