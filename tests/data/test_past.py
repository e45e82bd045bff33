import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec.data.past import Past


def drawn(rows=400, users=9, seconds=30, seed=0):
    """Many events in few seconds, so that equal times are common."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, users, rows)],
            "item": [f"i{n}" for n in random.integers(0, 20, rows)],
            "timestamp": random.integers(0, seconds, rows),
        }
    )
    events = Interactions.from_frame(frame)
    user = random.integers(2, 2 + users, 200).astype("int32")
    return events, user, random.integers(-2, seconds + 2, 200)


def test_every_history_is_that_of_a_slow_loop():
    events, user, timestamp = drawn()
    past = Past.of(events, user, timestamp)
    for row, (who, when) in enumerate(zip(user, timestamp, strict=True)):
        expected = events.item[(events.user == who) & (events.timestamp < when)]
        found = past.histories.items[past.first[row] : past.stop[row]]
        np.testing.assert_array_equal(found, expected)


def test_later_events_and_those_of_others_change_no_history():
    events, user, timestamp = drawn()
    when = 15
    early = events.select(events.timestamp < when)
    chosen = timestamp <= when
    whole = Past.of(events, user[chosen], timestamp[chosen])
    cut = Past.of(early, user[chosen], timestamp[chosen])
    for row in range(chosen.sum()):
        np.testing.assert_array_equal(
            whole.histories.items[whole.first[row] : whole.stop[row]],
            cut.histories.items[cut.first[row] : cut.stop[row]],
        )


def test_no_events_are_no_histories():
    events, user, timestamp = drawn()
    past = Past.of(events.select(slice(0)), user, timestamp)
    assert (past.stop == past.first).all() and not len(past.until(99).items)


def test_until_holds_the_events_up_to_a_time():
    events, user, timestamp = drawn()
    past = Past.of(events, user, timestamp)
    for who, found in enumerate(past.until(15)):
        np.testing.assert_array_equal(
            found, events.item[(events.user == who) & (events.timestamp <= 15)]
        )


def test_more_users_have_empty_histories():
    events, user, timestamp = drawn()
    past = Past.of(events, user, timestamp, 20)
    assert len(past.histories) == 20 and past.histories.lengths[11:].sum() == 0
    assert past.histories.lengths.sum() == len(events)
