import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, drawn_impressions
from kerasrec.data.impression_split import by_time
from kerasrec.data.past import Past
from kerasrec.errors import InputError


def events(size=400, users=8, items=30, timestamp=True):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, users, size)],
            "item": [f"i{n}" for n in random.integers(0, items, size)],
        }
    )
    if timestamp:
        frame["timestamp"] = np.arange(size)
    return Interactions.from_frame(frame)


@pytest.mark.parametrize("timestamp", [True, False])
def test_each_interaction_is_a_request_with_items_not_taken_until_then(timestamp):
    # Each user takes few of the many items: none has to be listed.
    data = events(150, 8, 200, timestamp)
    found = drawn_impressions(data, negatives=3, seed=1)
    items = found.item.reshape(-1, 4)
    assert items[:, 0].tolist() == data.item.tolist()
    assert (found.user.reshape(-1, 4) == data.user[:, None]).all()
    assert found.request.tolist() == np.repeat(np.arange(len(data)), 4).tolist()
    assert found.labels["click"].tolist() == [1, 0, 0, 0] * len(data)
    left, drawn = 0, 0
    for row, some in enumerate(items):
        taken = set(data.item[: row + 1][data.user[: row + 1] == data.user[row]])
        assert not taken & set(some[1:]) and len(set(some[1:])) == 3
        assert some.min() >= 2
        left, drawn = left + 200 - len(taken), drawn + 3
    # Items that nobody took are not in the catalog.
    left -= (200 - (len(data.items) - 2)) * len(data)
    assert found.negative_rate == pytest.approx(drawn / left)
    assert (found.timestamp is None) == (not timestamp)


def test_the_history_is_what_comes_before():
    data = events(60, 4, 20, timestamp=False)
    found = drawn_impressions(data, negatives=1)
    past = found.past
    for row in range(len(found)):
        event = row // 2
        expected = data.item[:event][data.user[:event] == data.user[event]]
        assert past.histories.items[past.first[row] : past.stop[row]].tolist() == expected.tolist()
    assert not found.schema().timed
    # What a model that learned from the first part knows of its users.
    part = found.select(found.request < 30)
    for user, items in enumerate(part.histories()):
        assert items.tolist() == data.item[:30][data.user[:30] == user].tolist()


def test_with_times_the_past_is_strictly_earlier():
    frame = pd.DataFrame({"user": list("uuuv"), "item": list("abca"), "timestamp": [1, 1, 2, 3]})
    past = Past.of_events(Interactions.from_frame(frame), np.arange(4))
    assert (past.stop - past.first).tolist() == [0, 0, 2, 0]


def test_draws_are_uniform_over_the_items_that_are_left():
    frame = pd.DataFrame({"user": ["u"] * 5000, "item": ["a"] * 5000})
    frame = pd.concat([frame, pd.DataFrame({"user": ["v"] * 10, "item": list("abcdefghij")})])
    frame["timestamp"] = np.arange(len(frame))
    data = Interactions.from_frame(frame).select(slice(0, 5000))
    found = drawn_impressions(data, negatives=2).item.reshape(-1, 3)[:, 1:]
    counts = np.bincount(found.reshape(-1))[2:]
    assert counts[0] == 0 and counts.sum() == 10000
    # Each of nine items is in 2 / 9 of the 5000 pairs: 1111, with a deviation of 29.
    assert abs(counts[1:] - 10000 / 9).max() < 4 * 30


def test_a_user_who_took_nearly_everything_gets_what_is_left():
    items = [f"i{n}" for n in range(40)]
    frame = pd.DataFrame({"user": ["u"] * 39 + ["v"], "item": items, "timestamp": range(40)})
    data = Interactions.from_frame(frame)
    found = drawn_impressions(data, negatives=1).item.reshape(-1, 2)
    assert data.items.vocabulary.lookup(found[38, 1:]).tolist() == ["i39"]
    with pytest.raises(InputError, match="user 'u' has taken all but 1 of the 40 items"):
        drawn_impressions(data, negatives=2)


def test_the_same_seed_draws_the_same():
    data = events(150)
    one, same, other = (drawn_impressions(data, seed=seed).item for seed in (3, 3, 4))
    assert (one == same).all() and (one != other).any()


def test_a_split_learns_from_the_requests_of_its_train_part_each_once():
    size = 20
    events = pd.DataFrame(
        {
            "user": [f"u{n % 4}" for n in range(size)],
            "item": [f"i{n}" for n in range(size)],
            "timestamp": np.arange(size),
            "hour": ["early"] * 9 + ["rare"] + ["late"] * 10,
            "price": np.arange(size, dtype=float),
        }
    )
    context = {"hour": {"kind": "category", "min_count": 2}, "price": {"kind": "number"}}
    data = drawn_impressions(Interactions.from_frame(events, context=context), negatives=3)
    train = by_time(data, validation=0, test=0.5).train
    assert len(train) == 40
    # Ten requests of four rows each: "rare" is in one of them.
    assert train.encoders["hour"].vocabulary.ids.tolist() == ["early"]
    assert train.encoders["price"].mean == 4.5
