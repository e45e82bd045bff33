import dataclasses
import tracemalloc

import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.splits import next_item, random_ratio, sampled
from kerasrec.training.runs.query_fingerprint import query_fingerprint

ROWS = [(f"u{u}", f"i{(u + step) % 7}") for u in range(5) for step in range(4)]


def read(rows, base=None):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]), base=base)


def test_a_grown_vocabulary_keeps_the_fingerprint():
    # Other rows for all of them, and ids that do not occur.
    old = read([("u4", "i6"), ("gone", "i3"), ("u1", "old")])
    grown = read(ROWS, base=(old.users, old.items))
    one, other = next_item(read(ROWS)), next_item(grown)
    assert one.test.user.tolist() != other.test.user.tolist()
    for part in ("validation", "test"):
        assert query_fingerprint(one, part) == query_fingerprint(other, part)
    assert query_fingerprint(one, "test") != query_fingerprint(one, "validation")


@pytest.mark.parametrize("place,row", [(0, ("u0", "i6")), (3, ("u0", "i6")), (0, ("u9", "i0"))])
def test_another_history_truth_or_user_changes_the_fingerprint(place, row):
    changed = [*ROWS]
    changed[place] = row
    one, other = next_item(read(ROWS)), next_item(read(changed))
    assert query_fingerprint(one, "test") != query_fingerprint(other, "test")


def test_the_split_seed_and_candidates_change_the_fingerprint():
    data = read(ROWS)
    for split in (random_ratio, sampled):
        more = {"negatives": 1} if split is sampled else {"test": 0.3}
        found = [query_fingerprint(split(data, seed=seed, **more), "test") for seed in (0, 0, 1)]
        assert found[0] == found[1] != found[2]


def test_the_ranked_items_change_the_fingerprint_and_their_order_does_not():
    def asked(data, ids):
        rows = data.items.vocabulary.rows(ids)
        split = dataclasses.replace(next_item(data), ranked={"test": rows})
        return query_fingerprint(split, "test")

    few = asked(read(ROWS), ["i1", "i5"])
    assert few != query_fingerprint(next_item(read(ROWS)), "test")
    assert few != asked(read(ROWS), ["i1", "i6"])
    old = read([("u4", "i6"), ("gone", "i3")])
    assert few == asked(read(ROWS, base=(old.users, old.items)), ["i5", "i1"])


def test_one_long_id_does_not_widen_all_ids():
    users = [f"u{n}" for n in range(5000)] + ["u" * 2000]
    rows = [(user, f"i{(n + step) % 7}") for n, user in enumerate(users) for step in range(3)]
    split = next_item(read(rows))
    found = query_fingerprint(split, "test")
    tracemalloc.start()
    assert query_fingerprint(split, "test") == found
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # With the room of the longest for each it would be 5,001 * 2,000 * 4 bytes, 40 MB.
    assert peak < 4e6
