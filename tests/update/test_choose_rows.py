import numpy as np
import pandas as pd

from kerasrec.update.choose_rows import CONTEXT, choose_rows


def table(counts):
    """Rows of users in turns, `counts` of each."""
    users = [user for user, number in counts.items() for _ in range(number)]
    return pd.DataFrame({"user": users})


def test_the_latest_rows_of_a_user_with_new_ones():
    rows = table({"u": 30})
    new = np.arange(30) == 29
    assert choose_rows(rows, new, replay=0).tolist() == list(range(29 - CONTEXT, 30))


def test_four_earlier_rows_for_each_new_one():
    rows = table({"u": 60})
    new = np.arange(60) >= 55
    assert choose_rows(rows, new, replay=0).tolist() == list(range(35, 60))


def test_replay_is_whole_users_without_new_rows():
    rows = table({"u": 5, "a": 4, "b": 4, "c": 4})
    new = np.zeros(len(rows), bool)
    new[3:5] = True
    chosen = choose_rows(rows, new, replay=2.0, seed=3)
    users = rows["user"].iloc[chosen].value_counts()
    assert users["u"] == 5
    others = users.drop("u")
    assert others.sum() == 4 or others.sum() == 8  # at least 4 rows, whole users
    assert set(others) == {4}


def test_all_users_are_new():
    rows = table({"u": 2, "v": 2})
    assert choose_rows(rows, np.ones(4, bool)).tolist() == [0, 1, 2, 3]


def test_more_replay_than_there_is():
    rows = table({"u": 2, "v": 2})
    assert choose_rows(rows, np.array([0, 1, 0, 0], bool), replay=100).tolist() == [0, 1, 2, 3]
