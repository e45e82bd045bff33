import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.errors import InputError
from kerasrec.update.ask_export import Answers
from kerasrec.update.gate import ALL, Gate, ndcg
from kerasrec.update.recent_queries import RecentQueries

USERS = 400


def queries(seed=0, users=USERS):
    """One query a user; the truth is "t", and the last fifth of the users is new."""
    earlier = pd.DataFrame({"user": [f"u{n}" for n in range(users * 4 // 5)], "item": "t"})
    recent = pd.DataFrame({"user": [f"u{n}" for n in range(users)], "item": "t"})
    return RecentQueries.of(earlier, recent, repeats="allow", seed=seed)


def answers(hits, seed=0):
    """The truth at the first place where `hits` is true, else nowhere."""
    items = np.full((len(hits), 10), "x", object)
    items[:, 1] = [f"o{n % 30}" for n in range(len(hits))]
    items[np.asarray(hits, bool), 0] = "t"
    return Answers(items, True)


def judge(before, after, gate=None, seconds=(0.01, 0.01), sizes=(100, 100)):
    return (gate or Gate()).judge(queries(), answers(before), answers(after), seconds, sizes)


def row(judgement, group):
    (found,) = [one for one in judgement.rows if one["group"] == group]
    return found


def hits(share, seed):
    return np.random.default_rng(seed).random(USERS) < share


def test_ndcg_of_one_truth():
    lists = np.array([["t", "a"], ["a", "t"], ["a", "b"]], object)
    np.testing.assert_allclose(ndcg(lists, ["t", "t", "t"]), [1, 1 / np.log2(3), 0])


def test_equal_answers_are_as_good():
    judgement = judge(hits(0.4, 0), hits(0.4, 0))
    found = row(judgement, ALL)
    assert found["difference"] == found["low"] == found["high"] == 0
    assert found["verdict"] == "as good" and judgement.promoted


def test_the_interval_of_a_difference_is_that_of_the_normal_law():
    before = hits(0.4, 0)
    after = before | hits(0.2, 1)
    found = row(judge(before, after), ALL)
    difference = after.astype(float) - before
    wanted = 1.96 * difference.std() / np.sqrt(USERS)
    assert found["difference"] == pytest.approx(difference.mean())
    assert found["high"] - found["difference"] == pytest.approx(wanted, rel=0.15)
    assert found["verdict"] == "better"


def test_queries_of_one_user_are_one_sample():
    # Ten users with 40 equal queries each: the interval is that of ten values.
    recent = pd.DataFrame({"user": np.repeat([f"u{n}" for n in range(10)], 40), "item": "t"})
    asked = RecentQueries.of(recent[:0], recent, repeats="allow")
    better = np.repeat(np.arange(10) < 5, 40)
    gate = Gate()
    found = gate.judge(asked, answers(better * 0), answers(better), (1, 1), (1, 1)).rows[0]
    assert found["high"] - found["low"] > 0.5


def test_a_worse_version_is_refused():
    judgement = judge(hits(0.4, 0), hits(0.4, 0) & hits(0.8, 1))
    assert not judgement.promoted and "all queries: worse" in judgement.refused
    assert judgement.sentence.startswith("Refused: all queries: worse")


def test_what_is_not_shown_to_be_as_good_is_refused():
    # As many hits, of other users: the mean is 0, and the interval is wide.
    place = np.arange(USERS) % 8
    before, after = place < 4, (place >= 2) & (place < 6)
    judgement = judge(before, after)
    assert row(judgement, ALL)["difference"] == 0
    assert row(judgement, ALL)["verdict"] == "not shown to be as good"
    assert judge(before, after, Gate(margin=0.5)).promoted


def test_a_group_that_loses_refuses_what_gains_on_the_whole():
    before = np.ones(USERS, bool)
    before[: USERS // 2] = False
    after = np.ones(USERS, bool)
    after[-USERS // 5 :] = False  # the new users get nothing
    judgement = judge(before, after)
    assert row(judgement, ALL)["verdict"] == "better"
    assert judgement.refused == ["new users: worse"]


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"seconds": (0.01, 0.03)}, "milliseconds of a request"),
        ({"sizes": (100, 201)}, "bytes"),
    ],
)
def test_bounds(changed, check):
    judgement = judge(hits(0.4, 0), hits(0.4, 0), **changed)
    assert judgement.refused == [f"{check} is out of bounds"]


def test_two_milliseconds_more_are_no_reason():
    assert judge(hits(0.4, 0), hits(0.4, 0), seconds=(0.0005, 0.0024)).promoted


def test_fewer_items_and_scores_that_are_not_finite():
    same = answers(hits(0.4, 0))
    few = dataclasses.replace(same, items=np.where(same.items == "t", "t", "x").astype(object))
    found = Gate().judge(queries(), same, few, (1, 1), (1, 1))
    assert found.refused == ["items recommended is out of bounds"]
    found = Gate().judge(queries(), same, dataclasses.replace(same, finite=False), (1, 1), (1, 1))
    assert found.refused == ["finite scores is out of bounds"]


def test_harmed_and_unharmed_versions():
    """Of 50 harmed versions all are refused; of 50 that are equal in truth at least 45 pass."""
    refused = passed = 0
    for seed in range(50):
        before = hits(0.5, 3 * seed)
        # Noise of a retraining: one of 40 queries gains, and one loses.
        moved = np.random.default_rng(1000 + seed).random(USERS)
        equal = np.where(moved < 0.0125, True, np.where(moved > 0.9875, False, before))
        passed += judge(before, equal).promoted
        refused += not judge(before, before & hits(0.8, 3 * seed + 2)).promoted
    assert refused == 50 and passed >= 45


def test_too_few_queries():
    with pytest.raises(InputError, match="60 recent queries are too few"):
        Gate().judge(queries(users=60), None, None, None, None)


def test_a_wrong_margin():
    with pytest.raises(InputError, match="margin must be at least 0 and below 1: got -1"):
        Gate(margin=-1)


def test_a_judgement_as_plain_values():
    import json

    judgement = judge(hits(0.4, 0), hits(0.4, 0) & hits(0.8, 1))
    again = type(judgement).from_dict(json.loads(json.dumps(judgement.to_dict())))
    assert again == judgement
