"""The sequential test by hand, and its errors when it is read every day for 60 days."""

import math

import numpy as np
import pytest

from kerasrec.evaluation.clustered_ratio import clustered_ratio
from kerasrec.reporting.daily_test import daily_test
from kerasrec.reporting.mixture_test import mixture_test


def test_mixture_by_hand():
    """d = 3, V = 1, t = 1: L = sqrt(1/2) exp(9/4)."""
    found = mixture_test(3.0, 1.0, 1.0)
    assert found.p == pytest.approx(1 / (math.sqrt(0.5) * math.exp(9 / 4)))
    reach = math.sqrt(2 * (2 * math.log(20) + math.log(2)))
    assert (found.low, found.high) == pytest.approx((3 - reach, 3 + reach))


def test_an_end_of_the_interval_is_where_p_is_alpha():
    found = mixture_test(0.02, 1e-4, 0.05, alpha=0.1)
    assert mixture_test(0.02 - found.low, 1e-4, 0.05).p == pytest.approx(0.1)


def test_the_likelihood_ratio_is_the_integral_of_the_mixture():
    d, variance, spread = 0.7, 0.3, 0.5
    x = np.linspace(-8, 8, 200_001)
    prior = np.exp(-(x**2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi))
    ratio = np.exp((2 * d * x - x**2) / (2 * variance))
    assert 1 / mixture_test(d, variance, spread).p == pytest.approx(
        np.sum(prior * ratio) * (x[1] - x[0])
    )


def world(seed, effect, people=400, days=60):
    """People whose rates differ, who come on a seventh of the days; half of them see version 1."""
    random = np.random.default_rng(seed)
    rates, second = random.beta(2, 18, people), random.random(people) < 0.5
    there = random.random((people, days)) < 1 / 7
    shown = there * random.integers(5, 20, (people, days))
    clicks = random.binomial(shown, np.minimum(rates * (1 + effect * second), 1.0)[:, None])
    person, day = np.nonzero(there)
    return day, person, second[person], shown[person, day], clicks[person, day]


@pytest.mark.slow
def test_looking_every_day_errs_less_than_alpha_and_a_plain_interval_does_not():
    """400 worlds without a difference. At a rate of 5 %, more than 33 errors have p < 0.2 %."""
    errors = plain = outside = 0
    for seed in range(400):
        looks = daily_test(*world(seed, 0.0))
        assert len(looks) > 45
        errors += looks[-1]["p"] < 0.05
        outside += any(not look["low"] < 0 < look["high"] for look in looks)
        # The plain 95 % interval has the error below: from the width of the sequence.
        plain += any(abs(look["difference"]) > 1.96 * _error(look) for look in looks)
    assert errors <= 20 and errors == outside
    assert plain > 60


def _error(look):
    """The standard error of a look, by bisection of the width, which grows with it."""
    spread, low, high = 0.01, 1e-6, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        found = mixture_test(0.0, middle**2, spread)
        low, high = (
            (middle, high) if found.high < (look["high"] - look["low"]) / 2 else (low, middle)
        )
    return low


def test_a_large_difference_is_found_and_its_day_is_named():
    looks = daily_test(*world(0, 1.0, people=1000))
    assert looks[-1]["p"] < 0.001 and looks[-1]["low"] > 0
    assert [look["p"] for look in looks] == sorted((look["p"] for look in looks), reverse=True)
    assert looks[-1]["day"] == "1970-03-01"


def test_the_last_look_is_the_difference_of_the_clustered_rates():
    day, person, second, shown, clicks = world(3, 0.2)
    found = daily_test(day, person, second, shown, clicks)[-1]
    rates = [clustered_ratio(clicks[one], shown[one], person[one]) for one in (second, ~second)]
    assert found["difference"] == pytest.approx(rates[0].value - rates[1].value)
    assert (found["low"] + found["high"]) / 2 == pytest.approx(found["difference"])


def test_too_little_data_has_no_looks():
    assert daily_test([], [], [], [], []) == []
    assert daily_test([1, 1], ["a", "b"], [True, False], [9, 9], [1, 2]) == []
