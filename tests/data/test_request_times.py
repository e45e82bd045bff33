import datetime

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.request_times import request_times
from kerasrec.errors import InputError

# 2020-01-01 00:00 UTC.
FIRST = 1577836800
UTC, ROME = datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=1))
TIMES = {
    "seconds": [FIRST, FIRST + 61],
    "fractional seconds": [FIRST + 0.25, FIRST + 61.75],
    "milliseconds": [FIRST * 1000 + 250, (FIRST + 61) * 1000],
    "microseconds": [FIRST * 10**6, (FIRST + 61) * 10**6 + 1],
    "nanoseconds": [FIRST * 10**9, (FIRST + 61) * 10**9],
    "datetimes": [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, 0, 1, 1)],
    "datetimes of zones": [
        datetime.datetime(2020, 1, 1, tzinfo=UTC),
        datetime.datetime(2020, 1, 1, 1, 1, 1, tzinfo=ROME),
    ],
    "pandas": list(pd.to_datetime(["2020-01-01", "2020-01-01 00:01:01"], format="ISO8601")),
    "numpy": [np.datetime64("2020-01-01"), np.datetime64("2020-01-01T00:01:01")],
    "text": ["2020-01-01", "2020-01-01T00:01:01"],
    "text of zones": ["2020-01-01T00:00:00Z", "2020-01-01T01:01:01+01:00"],
    "text of numbers": [str(FIRST), str(FIRST + 61)],
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_times_are_those_that_reading_makes_of_them(times):
    order, seconds = request_times([times[:1], times[1:]])
    assert seconds.tolist() == [FIRST, FIRST + 61]
    assert order[0] < order[1]
    table = pd.DataFrame({"user": ["u", "v"], "item": ["a", "b"], "timestamp": times})
    assert seconds.tolist() == Interactions.from_frame(table).timestamp.tolist()


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NaT, pd.NA, "", " ", 0], ids=repr)
@pytest.mark.parametrize("times", [TIMES[kind] for kind in ("seconds", "datetimes", "text")])
def test_a_time_that_is_not_known_is_0(times, nothing):
    _, seconds = request_times([[nothing, times[0]], [], [times[1], nothing]])
    assert seconds.tolist() == [0, FIRST, FIRST + 61, 0]
    assert request_times([[nothing]])[1].tolist() == [0]


def test_the_order_has_the_full_resolution():
    order, seconds = request_times([[FIRST + 0.75, FIRST + 0.25]])
    assert order[1] < order[0] and seconds.tolist() == [FIRST] * 2


@pytest.mark.parametrize(
    "times,said",
    [
        ([["yesterday"]], "'yesterday', of history 0 at place 0, is not a time"),
        ([[], [FIRST, FIRST], [FIRST, "x"]], "'x', of history 2 at place 1, is not a time"),
        ([[FIRST, None, np.inf]], "inf, of history 0 at place 2, is not a time"),
        ([[10**30]], "at place 0, is not a time"),
        ([["2020-01-01", "2020-13-01"]], "'2020-13-01', of history 0 at place 1"),
        ([[FIRST * 1000], [FIRST]], f"{FIRST}, of history 1 at place 0, is in another unit"),
        ([[datetime.timedelta(1)]], "is not a time"),
    ],
)
def test_what_is_no_time_is_named_with_its_place(times, said):
    with pytest.raises(InputError, match=f"^timestamps: .*{said}|^timestamps: {said}"):
        request_times(times)
