import numpy as np
import pandas as pd
import pytest

from kerasrec.data import row_order
from kerasrec.data.row_order import RowOrder, distinct_pairs, in_order


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(row_order, "BLOCK", 7)


@pytest.mark.parametrize("most", [3, 10**6, 2**62])
def test_a_stable_order_is_that_of_numpy(most):
    values = np.random.default_rng(0).integers(-most, most, 200)
    for kind in ("int64", "int32") if most < 2**31 else ("int64",):
        column = values.astype(kind)
        order, ordered = in_order(column)
        assert (order == np.argsort(column, kind="stable")).all()
        assert (ordered == np.sort(values)).all() and ordered.dtype == kind
    assert in_order(np.sort(values))[0].tolist() == list(range(200))
    assert in_order(values[:1])[0].tolist() == [0]


def by_pandas(keep, user, item, time):
    """The same by hash tables: positions, merged, out of order, equal times."""
    rows = pd.DataFrame({"user": user, "item": item, "time": time})[keep]
    kept = rows[~rows.duplicated(keep="last")]
    latest = kept.groupby("user")["time"].cummax()
    ties = int(kept.duplicated(["user", "time"], keep=False).sum())
    order = kept.sort_values("time", kind="stable").index.to_numpy()
    return order, len(rows) - len(kept), int((latest > kept["time"]).sum()), ties


@pytest.mark.parametrize("seed", range(20))
def test_random_rows_are_ordered_as_by_pandas(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 120))
    user, item = random.integers(0, 5, (2, n))
    time = random.integers(0, int(random.integers(1, 60)), n)
    time = np.sort(time) if seed % 3 == 0 else time
    keep = random.random(n) < (1.0 if seed % 2 else 0.7)
    keep[0] = True
    rows = RowOrder(np.flatnonzero(keep), time, {"user": user, "item": item})
    order, merged, late, ties = by_pandas(keep, user, item, time)
    assert rows.positions.tolist() == order.tolist()
    assert rows.users.tolist() == user[order].tolist()
    assert rows.times.tolist() == time[order].tolist()
    assert (rows.merged, rows.out_of_order, rows.equal_times) == (merged, late, ties)
    # Without times the last of equal pairs stays, where it is.
    rows = RowOrder(np.flatnonzero(keep), None, {"user": user, "item": item})
    order, merged, *_ = by_pandas(keep, user, item, 0)
    assert rows.positions.tolist() == order.tolist()
    assert (rows.merged, rows.out_of_order, rows.equal_times) == (merged, 0, 0)


def test_distinct_pairs():
    assert distinct_pairs(np.array([0, 1, 0, 1]), np.array([5, 5, 5, 0])) == 3
    assert distinct_pairs(np.array([], np.int32), np.array([], np.int32)) == 0
