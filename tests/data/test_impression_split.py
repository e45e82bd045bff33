import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions
from kerasrec.data.impression_split import (
    IMPRESSION_PROTOCOLS,
    by_request,
    by_time,
    by_user,
    given,
    no_split,
    random_ratio,
)
from kerasrec.errors import InputError


def table(size=200, times=None, **columns):
    """`value` numbers the rows, as a label that says which row it was."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 40, size)],
            "item": [f"i{n}" for n in random.integers(0, 20, size)],
            "request": [f"r{n // 4}" for n in range(size)],
            "timestamp": random.permutation(size) if times is None else times,
            "number": np.arange(size),
            **columns,
        }
    )
    return Impressions.from_frame(frame, labels={"number": {"kind": "count"}})


def numbers(part):
    return part.labels["number"].tolist()


def parts(split):
    return split.train, split.validation, split.test


@pytest.mark.parametrize("protocol", [by_time, by_request, by_user, random_ratio])
def test_every_row_is_in_one_part(protocol):
    data = table()
    split = protocol(data)
    rows = [row for part in parts(split) for row in numbers(part)]
    assert sorted(rows) == list(range(200))
    assert all(len(part) for part in parts(split))
    assert all(part.items is data.items for part in parts(split))


def test_by_time_everything_of_a_part_is_later_than_the_part_before():
    split = by_time(table(), validation=0.2, test=0.1)
    assert [len(part) for part in parts(split)] == [140, 40, 20]
    assert split.train.timestamp.max() < split.validation.timestamp.min()
    assert split.validation.timestamp.max() < split.test.timestamp.min()


def test_by_time_rows_of_one_time_stay_together_in_the_later_part():
    # 90 rows at 0, 60 at 1, 50 at 2: the cuts at 160 and 180 fall into the last two times.
    data = table(times=np.repeat([0, 1, 2], [90, 60, 50]))
    with pytest.raises(InputError, match="the time split leaves no validation rows"):
        by_time(data)
    split = by_time(data, validation=0.3, test=0.2)
    assert [len(part) for part in parts(split)] == [90, 60, 50]
    with pytest.raises(InputError, match="leaves no train rows"):
        by_time(table(times=np.zeros(200, int)))


def test_by_time_says_how_many_rows_are_of_new_users():
    user = ["a"] * 180 + ["b"] * 15 + ["a"] * 5
    split = by_time(table(times=np.arange(200), user=user))
    assert split.notes == ("15 rows of validation and test are of users who are not in train.",)


def test_by_request_and_by_user_keep_all_rows_of_one_together():
    data = table()
    for protocol, column, count in ((by_request, "request", 50), (by_user, "user", 40)):
        split = protocol(data, validation=0.2, test=0.2)
        keys = [set(getattr(part, column).tolist()) for part in parts(split)]
        assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]
        assert [len(one) for one in keys[1:]] == [count * 0.2, count * 0.2]


def test_the_seed_draws_the_same_parts_again():
    data = table()
    one, same, other = (by_request(data, seed=seed) for seed in (1, 1, 2))
    assert numbers(one.test) == numbers(same.test) != numbers(other.test)


@pytest.mark.parametrize("protocol", [by_time, by_request, by_user, random_ratio])
def test_parts_may_be_left_out(protocol):
    split = protocol(table(), validation=0.0, test=0.2)
    assert not len(split.validation) and len(split.test) >= 30
    split = protocol(table(), validation=0.2, test=0.0)
    assert len(split.validation) >= 30 and not len(split.test)


def test_a_given_fold_is_the_split():
    data = table(fold=np.arange(200) % 4 % 3)
    split = given(data)
    for fold, part in enumerate(parts(split)):
        assert sorted(numbers(part)) == [n for n in range(200) if n % 4 % 3 == fold]
    without = given(table(fold=np.arange(200) % 2 * 2))
    assert not len(without.validation) and len(without.test) == 100


def test_none_holds_nothing_out():
    split = no_split(table())
    assert len(split.train) == 200 and not len(split.validation) and not len(split.test)


@pytest.mark.parametrize(
    ("protocol", "arguments", "message"),
    [
        ("time", {"validation": -0.1}, "validation must be a share from 0 up to, but not, 1: got"),
        ("time", {"test": 1.5}, "test must be a share from 0"),
        ("request", {"validation": 0.5, "test": 0.5}, "leave nothing to train on"),
        ("user", {"validation": 0.001}, "leaves no validation rows of 200"),
        ("given", {}, "needs a fold of each row and 'impressions' has none"),
    ],
)
def test_what_cannot_be_split_is_refused(protocol, arguments, message):
    with pytest.raises(InputError, match=message):
        IMPRESSION_PROTOCOLS[protocol](table(), **arguments)


def test_a_split_needs_its_column():
    frame = pd.DataFrame({"user": list("uuvv"), "item": list("abab"), "click": [1, 0, 1, 0]})
    data = Impressions.from_frame(frame)
    with pytest.raises(InputError, match="needs timestamps and 'impressions' has none"):
        by_time(data)
    with pytest.raises(InputError, match="the user split: 'impressions' has 2 of them"):
        by_user(data)
    for fold, message in (
        ([0, 1, 2, 3], "expected folds 0 .train., 1 .validation. and 2 .test., got 3"),
        ([0, 0, 1, 1], "the given split leaves no test rows: set the fold of some to 2"),
        ([1, 1, 2, 2], "the given split leaves no train rows: set the fold of some to 0"),
    ):
        with pytest.raises(InputError, match=message):
            given(Impressions.from_frame(frame.assign(fold=fold)))


def test_requests_of_any_numbers_are_split_alike():
    data = table()
    other = dataclasses.replace(data, request=data.request * 10**12 - 7)
    for part in ("train", "validation", "test"):
        assert numbers(getattr(by_request(data), part)) == numbers(getattr(by_request(other), part))


def shown(size=100, **columns):
    """The latest tenth is test: a shop that only it has, and prices that are 1000 times higher."""
    late = np.arange(size) >= 0.9 * size
    frame = {
        "user": [f"u{n % 7}" for n in range(size)],
        "item": [f"i{n % 5}" for n in range(size)],
        "timestamp": np.arange(size),
        "shop": np.where(late, "new", np.array(["east", "west"])[np.arange(size) % 2]),
        "price": np.where(late, 1000.0, 1.0) * (1 + np.arange(size) % 2),
        "word": np.where(late, "later", "before"),
        "click": np.arange(size) % 3 == 0,
        **columns,
    }
    context = {
        "shop": {"kind": "category"},
        "price": {"kind": "number"},
        "place": {"kind": "number", "column": "price", "buckets": 2},
        "word": {"kind": "text"},
    }
    crosses = {
        "pair": {"columns": ["item", "shop"]},
        "rate": {"columns": ["shop"], "label": "click"},
    }
    return Impressions.from_frame(
        pd.DataFrame(frame), labels={"click": {}}, context=context, crosses=crosses
    )


def test_features_of_requests_are_encoded_as_learned_from_train():
    data = shown()
    assert data.encoders["shop"].vocabulary.ids.tolist() == ["east", "west", "new"]
    split = by_time(data, validation=0, test=0.1)
    for part in (split.train, split.test):
        assert part.encoders["shop"].vocabulary.ids.tolist() == ["east", "west"]
        assert part.encoders["word"].vocabulary.ids.tolist() == ["before"]
        # Prices of train are 1 and 2, equally often.
        assert (part.encoders["price"].mean, part.encoders["price"].std) == (1.5, 0.5)
        assert part.encoders["place"].borders == (1.0,)
        # Five items with two shops, and padding and unknown; two shops with both.
        assert [cross.size for cross in part.crosses] == [5 * 2 + 5 + 2, 4]
        assert part.schema() == split.train.schema()
    assert (split.test.context["shop"] == 1).all()
    np.testing.assert_allclose(split.test.context["price"][:2], [(1000 - 1.5) / 0.5, 1998.5 / 0.5])
    np.testing.assert_allclose(split.train.context["price"][:2], [-1, 1])
    assert (split.test.context["word"] == 1).all()


def test_an_extreme_number_of_test_is_missing_and_refuses_no_split():
    size = 100
    prices = np.where(np.arange(size) == size - 1, 1e30, 1.0 + np.arange(size) % 2)
    split = by_time(shown(price=prices), validation=0, test=0.1)
    assert split.test.context["price"][-1] == 0
    assert split.test.context["place"][-1] == 3  # in buckets it is large


def test_a_part_is_split_again_with_what_its_own_train_part_knows():
    inner = by_time(by_time(shown(), validation=0, test=0.1).train.select(slice(0, 1)), 0, 0)
    assert inner.train.encoders["shop"].vocabulary.ids.tolist() == ["east"]
