import numpy as np
import pandas as pd

from kerasrec.data.time_cycles import time_cycles


def seconds(*texts):
    return np.array([pd.Timestamp(text, tz="UTC").timestamp() for text in texts], "int64")


def test_hours_and_days_of_the_week_by_hand():
    # 4 and 6 May 2026 were a Monday and a Wednesday.
    found = time_cycles(seconds("2026-05-04", "2026-05-06T12:00:00"), ["hour", "weekday"])
    assert found.dtype == np.float32 and found.shape == (2, 4)
    angle = 2 * np.pi * 2.5 / 7
    expected = [[0, 1, 0, 1], [0, -1, np.sin(angle), np.cos(angle)]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_places_in_the_year_are_those_of_the_calendar_within_two_days():
    days = pd.date_range("1970-01-02", "2099-12-31", freq="D", unit="s")
    sine, cosine = time_cycles(days.astype("int64").to_numpy(), ["month"]).T.astype(float)
    found = np.arctan2(sine, cosine) / (2 * np.pi)
    expected = (days.day_of_year - 1) / np.where(days.is_leap_year, 366, 365)
    off = np.abs((found - expected + 0.5) % 1 - 0.5)
    assert off.max() < 2 / 365


def test_the_end_of_a_cycle_is_near_its_beginning():
    times = seconds("2026-05-03T23:59:59", "2026-05-04T00:00:01")
    one, other = time_cycles(times, ["hour", "weekday"])
    np.testing.assert_allclose(one, other, atol=2e-4)


def test_before_1970_and_the_ends_of_int64():
    ends = np.iinfo(np.int64)
    times = np.array([-86400 * 4, ends.min, ends.max])
    found = time_cycles(times, ["hour", "weekday", "month"])
    np.testing.assert_allclose(found[0, :2], [0, 1], atol=1e-6)
    # 28 December 1969 was a Sunday, the last day of the week.
    np.testing.assert_allclose(found[0, 2:4], [np.sin(-2 * np.pi / 7), np.cos(2 * np.pi / 7)], 1e-5)
    lengths = found.reshape(3, 3, 2)
    np.testing.assert_allclose(np.square(lengths).sum(axis=2), 1, rtol=1e-5)


def test_an_unknown_time_is_zeros():
    assert time_cycles(np.array([0]), ["weekday", "hour"]).tolist() == [[0, 0, 0, 0]]
