import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.training.auto.choose_split import choose_split, is_sorted_by_item
from kerasrec.training.auto.read_table import sampled_users


def interactions(rows, columns=("user", "item", "timestamp")):
    return Interactions.from_frame(pd.DataFrame(rows, columns=list(columns)[: len(rows[0])]))


LONG = [(f"u{u}", f"i{(u + 7 * at) % 12}", 1000 * at + u) for u in range(12) for at in range(5)]


def test_next_item_where_users_have_rows():
    node, split, why = choose_split(interactions(LONG))
    assert node == {"protocol": "next-item"} and why.startswith("next item")
    assert (len(split.test), len(split.validation)) == (12, 12)


def test_by_time_where_most_users_have_fewer_than_three_rows():
    rows = [(f"u{n // 2}", f"i{n % 7}", 1000 * n) for n in range(100)]
    node, split, why = choose_split(interactions(rows))
    assert node == {"protocol": "time"} and "fewer than 3 rows" in why
    assert len(split.test) == 10


def test_given_folds_are_kept():
    rows = [(*row, n % 4) for n, row in enumerate(LONG)]
    node, split, _ = choose_split(interactions(rows, ("user", "item", "timestamp", "fold")))
    assert node == {"protocol": "fold", "fold": 3, "validation": 0.1}
    assert len(split.test) == 15


@pytest.mark.parametrize("width", [1, 2])
def test_rows_sorted_by_item_are_in_no_order(width):
    # As numbers (9 before 10), or as texts of one length.
    ids = [str(n) if width == 1 else f"i{n:02d}" for n in range(12)]
    rng = np.random.default_rng(0)
    rows = [(f"u{u}", ids[i]) for u in range(9) for i in sorted(rng.choice(12, 5, replace=False))]
    data = interactions(rows)
    assert is_sorted_by_item(data)
    node, _, why = choose_split(data)
    assert node == {"protocol": "random"} and "no order in time" in why


def test_rows_in_another_order_count_as_sorted_by_time():
    data = interactions([row[:2] for row in LONG])
    assert not is_sorted_by_item(data)
    node, _, why = choose_split(data)
    assert node == {"protocol": "next-item"} and "the order of the rows counts" in why


def test_too_few_rows_are_refused_with_all_reasons():
    with pytest.raises(InputError, match="2 interactions are too few .* next-item .* random"):
        choose_split(interactions([("a", "x"), ("b", "y")]))


def test_whole_users_are_sampled():
    data = interactions(LONG)
    some, share = sampled_users(data, most=33)
    # Six users of five rows each.
    assert len(some) == 30 and share == 0.5
    assert set(some.user_counts()[np.unique(some.user)]) == {5}
    assert some.users is data.users
    assert sampled_users(data, most=60) == (data, 1.0)
