import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.splits import (
    PROTOCOLS,
    by_fold,
    by_time,
    cold_items,
    k_fold,
    next_item,
    random_ratio,
    sampled,
)
from kerasrec.errors import InputError


def toy(text="ua ub va uc vb wa vc ud wb", **columns):
    """Interactions of one-letter users and items, in this order; times 0, 10, 20, ..."""
    pairs = text.split()
    frame = pd.DataFrame({"user": [p[0] for p in pairs], "item": [p[1] for p in pairs]})
    columns = {"timestamp": np.arange(len(pairs)) * 10, **columns}
    return Interactions.from_frame(frame.assign(**columns))


def pairs(data):
    users, items = data.users.vocabulary.lookup(data.user), data.items.vocabulary.lookup(data.item)
    return " ".join(user + item for user, item in zip(users, items, strict=True))


def random_data(seed=0, n=600, users=60, items=40):
    """Skewed random pairs with coarse times, folds, and users of one interaction."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "user": (users * rng.random(n) ** 2).astype(int),
            "item": (items * rng.random(n) ** 2).astype(int),
            "timestamp": rng.integers(0, 300, n),
            "fold": rng.integers(0, 5, n),
        }
    )
    lonely = pd.DataFrame({"user": [900, 901], "item": [0, 1], "timestamp": 5, "fold": 0})
    return Interactions.from_frame(pd.concat([frame, lonely], ignore_index=True))


def test_next_item():
    split = next_item(toy())
    assert pairs(split.train) == "ua ub va wa wb"
    assert pairs(split.validation) == "uc vb"
    assert pairs(split.test) == "vc ud"
    assert split.protocol == "next-item"
    assert split.notes == (
        "Users with fewer than 3 interactions, in train only: 1.",
        "validation: 1 of 2 interactions have a user or item without any in train "
        "(users: 0, items: 1); kept.",
        "test: 2 of 2 interactions have a user or item without any in train "
        "(users: 0, items: 2); kept.",
    )


def test_next_item_without_validation_trains_on_the_last_but_one():
    split = next_item(toy(), validation=False)
    assert pairs(split.train) == "ua ub va uc vb wa wb"
    assert not len(split.validation)
    assert pairs(split.test) == pairs(next_item(toy()).test)
    one, other = (s.queries("test").history for s in (split, next_item(toy())))
    assert one.items.tolist() == other.items.tolist()


def test_next_item_goes_by_order_where_there_are_no_times():
    split = next_item(toy(timestamp=[5] * 9))
    assert pairs(split.test) == "vc ud"


def test_by_time():
    split = by_time(toy("ua va ub vb uc vc wa ud vd we"), validation=0.2, test=0.3)
    assert pairs(split.train) == "ua va ub vb uc"
    assert pairs(split.validation) == "vc wa"
    assert pairs(split.test) == "ud vd we"


def test_by_time_keeps_equal_times_together():
    data = toy("ua va ub vb uc vc", timestamp=[1, 2, 3, 3, 3, 4])
    split = by_time(data, validation=1 / 6, test=1 / 6)
    assert pairs(split.train) == "ua va"
    assert pairs(split.validation) == "ub vb uc"
    assert pairs(split.test) == "vc"


def test_by_time_without_validation():
    split = by_time(toy(), validation=0, test=0.2)
    assert (len(split.train), len(split.validation), len(split.test)) == (7, 0, 2)
    with pytest.raises(InputError, match="validation part of the time split is empty"):
        split.queries("validation")


def test_unseen_is_dropped_and_counted():
    data = toy("ua va ub vb uc vc wa va ub we")
    split = by_time(data, validation=0.2, test=0.3, unseen="drop")
    assert pairs(split.validation) == "vc"  # w comes first in validation
    assert pairs(split.test) == "va ub"
    assert split.notes[0] == (
        "validation: 1 of 2 interactions have a user or item without any in train "
        "(users: 1, items: 0); dropped."
    )
    with pytest.raises(InputError, match="leaves nothing for test"):
        by_time(toy("ua va ub vb uc vc wa ud vd we"), validation=0.2, test=0.3, unseen="drop")


def test_random_ratio_sizes_and_seed():
    data = random_data()
    split = random_ratio(data, validation=0.2, test=0.3, seed=3)
    moved = sum(int(note.rstrip(".").split()[-1]) for note in split.notes if "moved back" in note)
    n = len(data)
    assert len(split.validation) + len(split.test) == round(n * 0.5) - moved
    assert abs(len(split.test) - n * 0.3) <= moved + 1
    again = random_ratio(data, validation=0.2, test=0.3, seed=3)
    assert pairs(again.test) == pairs(split.test)
    assert pairs(random_ratio(data, validation=0.2, test=0.3, seed=4).test) != pairs(split.test)


@pytest.mark.parametrize(
    "split",
    [
        lambda data: random_ratio(data, 0.3, 0.5),
        lambda data: k_fold(data, folds=2, validation=0.5),
    ],
)
def test_every_user_keeps_one_in_train(split):
    data = random_data()
    train = split(data).train
    assert set(np.unique(train.user)) == set(np.unique(data.user))


def test_folds_test_everything_once():
    data = toy(" ".join(u + i for u in "uvw" for i in "abcdefghij"))
    tests = [k_fold(data, folds=5, fold=f, seed=1).test for f in range(5)]
    assert [len(test) for test in tests] == [6] * 5
    assert sorted(" ".join(map(pairs, tests)).split()) == sorted(pairs(data).split())


def test_by_fold_is_as_given():
    data = toy(fold=[0, 0, 0, 1, 0, 0, 1, 0, 1])
    split = by_fold(data, fold=1, validation=0)
    assert pairs(split.test) == "uc vc wb"
    assert pairs(split.train) == "ua ub va vb wa ud"
    assert len(split.validation) == 0 and split.protocol == "fold"
    assert pairs(split.known("test")) == pairs(split.train)
    data = random_data()
    split = by_fold(data, fold=2)
    assert pairs(split.test) == pairs(data.select(data.fold == 2))
    assert len(split.validation) == pytest.approx(len(data.select(data.fold != 2)) * 0.1, abs=9)
    with pytest.raises(InputError, match="no interaction is in fold 7; there are 0, 1, 2, 3, 4"):
        by_fold(data, fold=7)


def test_cold_items_are_never_in_train():
    data = random_data()
    split = cold_items(data, validation=0.1, test=0.2, seed=0)
    items = [set(part.item) for part in (split.train, split.validation, split.test)]
    assert not items[0] & items[1] and not items[0] & items[2] and not items[1] & items[2]
    total = len(set(data.item))
    assert [len(part) for part in items[1:]] == [round(total * 0.1), round(total * 0.2)]
    dropped = cold_items(data, validation=0.1, test=0.2, seed=0, unseen="drop")
    assert set(dropped.test.item) <= items[2] and len(dropped.test)
    assert set(dropped.test.user) <= set(split.train.user)


def test_given_cold_items_are_ranked_among_themselves():
    frame = pd.DataFrame(
        {"user": list("uuvvuvu"), "item": list("abacdde"), "fold": [0, 0, 0, 0, 1, 1, 2]}
    )
    split = cold_items(Interactions.from_frame(frame), among="cold", given=True)
    assert [pairs(part) for part in (split.train, split.validation, split.test)] == [
        "ua ub va vc", "ud vd", "ue"
    ]  # fmt: skip
    items = split.train.items.vocabulary
    for part, ranked in (("validation", ["d"]), ("test", ["e"])):
        queries = split.queries(part)
        assert items.lookup(queries.ranked).tolist() == ranked
        assert items.lookup(queries.history[0]).tolist() == ["a", "b"]  # train alone is known
    assert "1 and 1 in validation and test" in split.notes[-1]
    assert cold_items(Interactions.from_frame(frame), given=True).queries("test").ranked is None


def test_given_cold_items_share_no_fold():
    frame = pd.DataFrame({"user": list("uuv"), "item": list("aba"), "fold": [0, 1, 2]})
    with pytest.raises(InputError, match="item 'a' is in fold 0 and in another"):
        cold_items(Interactions.from_frame(frame), given=True)
    with pytest.raises(InputError, match="has no folds: leave out given"):
        cold_items(Interactions.from_frame(frame[["user", "item"]]), given=True)
    with pytest.raises(InputError, match='"all" or "cold", got \'warm\''):
        cold_items(Interactions.from_frame(frame), among="warm")


@pytest.mark.parametrize("unseen", ["keep", "drop"])
@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "none"])
def test_parts_are_disjoint_and_in_order(protocol, unseen):
    data = random_data(1)
    options = {"negatives": 5} if protocol == "sampled" else {}
    split = PROTOCOLS[protocol](data, unseen=unseen, **options)
    parts = [split.train, split.validation, split.test]
    assert split.protocol == protocol
    everything, *triples = (
        list(zip(part.user, part.item, part.timestamp, strict=True)) for part in [data, *parts]
    )
    together = sum(triples, [])
    assert len(set(together)) == len(together) and set(together) <= set(everything)
    if unseen == "keep":
        assert len(together) == len(everything)
    else:
        for part in parts[1:]:
            assert set(part.user) <= set(split.train.user)
            assert protocol == "cold-items" or set(part.item) <= set(split.train.item)
    for part in parts:
        assert len(part) and (np.diff(part.timestamp) >= 0).all()
        assert part.users is data.users and part.items is data.items
    if protocol == "time":
        assert split.train.timestamp[-1] < split.validation.timestamp[0]
        assert split.validation.timestamp[-1] < split.test.timestamp[0]


def test_without_a_split_all_is_train():
    data = random_data(1)
    split = PROTOCOLS["none"](data)
    for column in ("user", "item", "timestamp", "value"):
        np.testing.assert_array_equal(getattr(split.train, column), getattr(data, column))
    assert len(split.validation) == len(split.test) == 0
    assert split.notes == (
        "Nothing was measured: all interactions are in train, none are held out.",
    )
    with pytest.raises(InputError, match="The test part of the none split is empty"):
        split.queries("test")


def test_queries_know_what_came_before():
    split = next_item(toy())
    queries = split.queries("test")
    lookup = split.test.items.vocabulary.lookup
    assert split.test.users.vocabulary.lookup(queries.users).tolist() == ["u", "v"]
    assert ["".join(lookup(items)) for items in queries.history] == ["abc", "ab"]
    assert ["".join(lookup(items)) for items in queries.truth] == ["d", "c"]
    queries = split.queries("validation")
    assert ["".join(lookup(items)) for items in queries.history] == ["ab", "a"]
    assert len(queries) == 2 and queries.users.dtype == np.int32


def test_truth_counts_an_item_once_and_history_may_be_empty():
    split = by_time(toy("ua va ub vb uc wd wd we"), validation=0, test=3 / 8)
    queries = split.queries("test")
    lookup = split.test.items.vocabulary.lookup
    assert ["".join(lookup(items)) for items in queries.truth] == ["de"]
    assert queries.history.lengths.tolist() == [0]


def test_known_is_in_time_order():
    split = random_ratio(random_data(), 0.2, 0.2)
    known = split.known("test")
    assert len(known) == len(split.train) + len(split.validation)
    assert (np.diff(known.timestamp) >= 0).all()
    assert split.known("validation") is split.train
    with pytest.raises(InputError, match='part must be "validation" or "test", got \'train\''):
        split.known("train")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data: by_time(data, validation=0.5, test=0.5), "leave something to train"),
        (lambda data: random_ratio(data, test=-0.1), "must not be negative"),
        (lambda data: cold_items(data, validation=1.5), "leave something to train"),
        (lambda data: k_fold(data, folds=1), "folds be 2 or more"),
        (lambda data: k_fold(data, fold=5), r"fold must lie in \[0, folds\)"),
        (lambda data: by_fold(data), "has no folds: map a column to 'fold'"),
        (lambda data: next_item(data, unseen="mark"), 'unseen must be "keep" or "drop"'),
        (lambda data: random_ratio(data, 0.01, 0.1), "leaves nothing for validation"),
        (lambda data: next_item(toy("ua ub va vb")), "next-item split leaves nothing"),
        (lambda data: by_time(toy(timestamp=[3] * 9)), "time split leaves nothing"),
    ],
)
def test_what_cannot_be_split(call, message):
    with pytest.raises(InputError, match=message):
        call(toy())


def test_by_time_needs_times():
    frame = pd.DataFrame({"user": list("uuv"), "item": list("aba")})
    with pytest.raises(InputError, match="needs timestamps and 'plain' has none"):
        by_time(Interactions.from_frame(frame, name="plain"))


def test_sampled_takes_the_last_and_ranks_it_among_what_the_user_has_not():
    data = toy("ua ub va uc vb wa vc ud wb xe xf xg xh")
    split = sampled(data, negatives=2)
    assert pairs(split.test) == "vc ud wb xh"
    # w has one left, which stays in train.
    assert pairs(split.validation) == "uc vb xg"
    for part in ("validation", "test"):
        queries = split.queries(part)
        for n, user in enumerate(queries.users):
            among = queries.candidates[n]
            assert len(among) == len(set(among)) == 3 and set(queries.truth[n]) < set(among)
            others = set(among) - set(queries.truth[n])
            assert not others & set(data.histories()[user])
    assert "drawn" in split.notes[-1]


def test_sampled_without_validation_trains_on_all_but_the_last():
    split = sampled(toy("ua ub uc va vb vd"), negatives=1, validation=False)
    assert pairs(split.train) == "ua ub va vb" and pairs(split.test) == "uc vd"
    assert not len(split.validation)


def test_sampled_with_folds_and_published_items():
    data = toy("ua ub uc va vb vc vd we", fold=[0, 0, 1, 0, 0, 0, 1, 0], timestamp=range(8))
    users, items = data.users.vocabulary, data.items.vocabulary
    published = Histories.from_pairs(
        users.rows(np.array(["u", "v"], object)), items.rows(np.array(["d", "a"], object)), 5
    )
    split = sampled(dataclasses.replace(data, negatives=published), negatives=1)
    assert pairs(split.test) == "uc vd" and pairs(split.validation) == "ub vc"
    among = split.queries("test").candidates
    assert [set(items.lookup(among[n])) for n in range(2)] == [{"c", "d"}, {"d", "a"}]
    assert "published" in split.notes[-1]


def test_sampled_draws_the_validation_of_folds_without_times():
    frame = pd.DataFrame({"user": "u", "item": [f"i{n}" for n in range(200)], "fold": 0})
    frame = pd.concat([frame, pd.DataFrame({"user": ["u"], "item": ["last"], "fold": [1]})])
    frame = pd.concat([frame, pd.DataFrame({"user": ["v"] * 2, "item": ["x", "y"], "fold": 0})])
    data = Interactions.from_frame(frame)
    chosen = {sampled(data, negatives=1, seed=seed).validation.item[0] for seed in range(5)}
    assert len(chosen) > 2


def test_sampled_refuses_what_cannot_be_drawn():
    with pytest.raises(InputError, match="at least 1, got 0"):
        sampled(toy(), negatives=0)
    with pytest.raises(InputError, match="only 0 others"):
        sampled(toy("ua ub uc va vb wa wb"), negatives=1)
