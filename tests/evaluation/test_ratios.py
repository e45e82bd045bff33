import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.evaluation.ratios import Ratios


def test_interval_of_a_bernoulli_mean_is_the_normal_one():
    n, p = 2000, 0.3
    ratios = Ratios(n)
    ratios.add("share", np.arange(n) < p * n)
    found = ratios.intervals(resamples=4000, seed=0)["share"]
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    assert found["mean"] == pytest.approx(p)
    assert p - found["low"] == pytest.approx(half, rel=0.05)
    assert found["high"] - p == pytest.approx(half, rel=0.05)


def test_intervals_cover_the_true_share_as_often_as_they_say():
    n, p = 200, 0.3
    samples = np.random.default_rng(0).random((n, 600)) < p
    ratios = Ratios(n)
    for i in range(600):
        ratios.add(i, samples[:, i])
    found = ratios.intervals(resamples=1000, seed=1).values()
    covered = np.mean([each["low"] <= p <= each["high"] for each in found])
    means = samples.mean(axis=0)
    half = 1.96 * np.sqrt(means * (1 - means) / n)
    normal = np.mean(np.abs(means - p) <= half)
    assert covered == pytest.approx(0.95, abs=0.025)
    assert covered == pytest.approx(normal, abs=0.02)


def test_a_group_is_the_mean_of_its_members():
    rng = np.random.default_rng(0)
    values, member = rng.random(4000), rng.random(4000) < 0.25
    ratios = Ratios(4000)
    ratios.add("group", values * member, member)
    found = ratios.intervals(resamples=3000)["group"]
    inside = values[member]
    assert found["mean"] == pytest.approx(inside.mean())
    half = 1.96 * inside.std() / np.sqrt(len(inside))
    assert found["high"] - found["low"] == pytest.approx(2 * half, rel=0.06)


def test_users_and_not_ratings_are_resampled():
    # 50 users of 20 equal errors each: as wide as a mean of 50, not of 1,000
    errors = np.random.default_rng(0).random(50)
    ratios = Ratios(50)
    ratios.add("clustered", 20 * errors, np.full(50, 20))
    ratios.add("plain", errors)
    found = ratios.intervals()
    for name in ("mean", "low", "high"):
        assert found["clustered"][name] == pytest.approx(found["plain"][name], rel=1e-5)


def test_missing_values_are_left_out():
    ratios = Ratios(4)
    ratios.add("some", [1.0, np.nan, 3.0, np.nan])
    ratios.add("lift", [1.0, 2.0, 3.0, np.nan], [1.0, np.nan, 1.0, 1.0])
    ratios.add("none", np.full(4, np.nan))
    found = ratios.intervals(resamples=500)
    assert found["some"]["mean"] == found["lift"]["mean"] == 2.0
    assert found["some"] == {"mean": 2.0, "low": 1.0, "high": 3.0}
    assert all(np.isnan(value) for value in found["none"].values())


def test_the_block_size_does_not_change_results(monkeypatch):
    ratios = Ratios(30)
    ratios.add("mean", np.arange(30.0))
    whole = ratios.intervals(resamples=101, seed=5)
    monkeypatch.setattr("kerasrec.evaluation.ratios._BLOCK", 1)
    in_parts = ratios.intervals(resamples=101, seed=5)
    assert in_parts["mean"] == pytest.approx(whole["mean"])
    assert ratios.intervals(resamples=101, seed=6)["mean"]["low"] != whole["mean"]["low"]


def test_no_resamples_no_interval():
    ratios = Ratios(3)
    ratios.add("mean", [1.0, 2.0, 3.0])
    found = ratios.intervals(resamples=0)["mean"]
    assert found["mean"] == 2.0 and np.isnan(found["low"]) and np.isnan(found["high"])
    with pytest.raises(InputError, match="got -1"):
        ratios.intervals(resamples=-1)


@pytest.mark.parametrize("resamples", [-1, 1, 2.5, True, None])
def test_an_invalid_bootstrap_is_refused(resamples):
    with pytest.raises(InputError, match="bootstrap, 0 for no intervals"):
        Ratios(3).intervals(resamples)


def test_a_single_query_has_no_interval():
    ratios = Ratios(3)
    ratios.add("one", [0.0, 0.4, 0.0], [0.0, 1.0, 0.0])
    ratios.add("two", [0.0, 0.4, 0.4], [0.0, 1.0, 1.0])
    found = ratios.intervals(resamples=50)
    assert found["one"]["mean"] == pytest.approx(0.4)
    assert np.isnan(found["one"]["low"]) and np.isnan(found["one"]["high"])
    assert found["two"]["low"] == found["two"]["high"] == pytest.approx(0.4)
