import numpy as np
import pandas as pd

from kerasrec.data import Interactions
from kerasrec.data.description import Description


def test_activity_is_counted_by_powers_of_two():
    """Users have 1, 1, 2, 3, 5 and 9 rows: 2 of 1, 1 of 2, 1 of 3-4, 1 of 5-8, 1 of 9-16."""
    counts = {"a": 1, "b": 1, "c": 2, "d": 3, "e": 5, "f": 9}
    users = [user for user, count in counts.items() for _ in range(count)]
    items = [f"i{place}" for count in counts.values() for place in range(count)]
    about = Description.of(Interactions.from_frame(pd.DataFrame({"user": users, "item": items})))
    bars = [(bar["from"], bar["to"], bar["count"]) for bar in about.users["histogram"]]
    assert bars == [(1, 1, 2), (2, 2, 1), (3, 4, 1), (5, 8, 1), (9, 16, 1)]
    assert {key: about.users[key] for key in ("least", "median", "mean", "most")} == {
        "least": 1,
        "median": 2.5,
        "mean": 3.5,
        "most": 9,
    }
    # Nine items: i0 has six rows, i5 to i8 have one each.
    assert about.items["most"] == 6 and about.items["histogram"][0]["count"] == 4
    assert about.leak is None and about.bots == {} and about.improbable == {}


def test_rows_on_both_sides_of_a_time():
    """20 rows, so the latest tenth is two: one repeats a pair, one does not."""
    frame = pd.DataFrame({"user": list("ab") * 10, "item": range(20), "timestamp": range(20)})
    frame.loc[18, ["user", "item"]] = ["a", 4]
    about = Description.of(Interactions.from_frame(frame))
    assert about.leak == {"rows": 1, "of": 2} and about.repeated == 1


def test_bots_and_improbable_users_are_named():
    people = pd.DataFrame(
        {"user": [f"u{i}" for i in range(50)], "item": "x", "timestamp": range(0, 5000, 100)}
    )
    fast = pd.DataFrame({"user": "fast", "item": range(61), "timestamp": np.arange(61) % 60})
    most = pd.DataFrame({"user": "cron", "item": range(20_000)})
    most["timestamp"] = most["item"] * 60
    about = Description.of(Interactions.from_frame(pd.concat([people, fast, most])))
    assert about.bots == {"fast": 61} and about.bot_count == 1
    assert about.improbable == {"cron": 20_000} and about.improbable_count == 1
