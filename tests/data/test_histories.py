import numpy as np
import pytest

from kerasrec.data.histories import Histories
from kerasrec.data.time_gaps import time_gaps
from kerasrec.errors import InputError


def toy():
    return Histories.from_pairs([2, 0, 2, 2, 0], [9, 5, 8, 7, 6], num_keys=4)


def test_groups_by_key_in_order_of_coming():
    histories = toy()
    assert [items.tolist() for items in histories] == [[5, 6], [], [9, 8, 7], []]
    assert histories.lengths.tolist() == [2, 0, 3, 0]
    assert histories.indptr.tolist() == [0, 2, 2, 5, 5]
    assert (histories.indptr.dtype, histories.items.dtype) == (np.int64, np.int32)
    assert len(histories) == 4 and histories[-2].tolist() == [9, 8, 7]


def test_take_may_repeat_and_reorder():
    assert [items.tolist() for items in toy().take([2, 1, 2, 0])] == [
        [9, 8, 7],
        [],
        [9, 8, 7],
        [5, 6],
    ]
    assert len(toy().take([])) == 0


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (None, [[5, 6, 0], [0, 0, 0], [9, 8, 7], [0, 0, 0]]),
        (2, [[5, 6], [0, 0], [8, 7], [0, 0]]),
        (1, [[6], [0], [7], [0]]),
        (5, [[5, 6, 0, 0, 0], [0] * 5, [9, 8, 7, 0, 0], [0] * 5]),
    ],
)
def test_padded(length, expected):
    padded = toy().padded(length)
    assert padded.tolist() == expected
    assert padded.dtype == np.int32


def test_padded_agrees_with_a_loop():
    rng = np.random.default_rng(0)
    keys, items = rng.integers(0, 40, 500), rng.integers(2, 99, 500)
    histories = Histories.from_pairs(keys, items, 50)
    for length in (1, 3, 11, 40):
        expected = np.zeros((50, length), int)
        for key in range(50):
            last = items[keys == key][-length:]
            expected[key, : len(last)] = last
        assert (histories.padded(length) == expected).all()


def test_nothing_at_all_still_has_a_column():
    assert Histories.from_pairs([], [], 3).padded().tolist() == [[0], [0], [0]]
    assert Histories.from_pairs([], [], 0).padded(4).shape == (0, 4)


def test_save_and_load(tmp_path):
    toy().save(tmp_path / "seen")  # the name is not changed
    loaded = Histories.load(tmp_path / "seen")
    assert loaded.indptr.tolist() == toy().indptr.tolist()
    assert loaded.items.tolist() == toy().items.tolist()


def test_load_refuses_pickles_and_other_files(tmp_path):
    np.savez(tmp_path / "a.npz", indptr=np.array([0, None], dtype=object), items=np.zeros(1))
    (tmp_path / "b.npz").write_text("no archive")
    np.savez(tmp_path / "c.npz", indptr=[0])
    for name in ("a.npz", "b.npz", "c.npz", "nothing.npz"):
        with pytest.raises(InputError, match=name):
            Histories.load(tmp_path / name)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Histories.from_pairs([0, 4], [5, 5], 4),
        lambda: Histories.from_pairs([-1], [5], 4),
        lambda: Histories.from_pairs([0, 1], [5], 4),
        lambda: Histories([0, 2, 1, 3], [1, 2, 3]),
        lambda: Histories([0, 2], [1, 2, 3]),
        lambda: Histories([1, 3], [1, 2, 3]),
        lambda: toy().padded(0),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(InputError, match="Histories"):
        call()


def test_a_key_out_of_range():
    with pytest.raises(IndexError):
        toy()[4]


def test_context_goes_with_the_items():
    histories = Histories.from_pairs(
        [1, 0, 1, 1], [7, 1, 8, 99], 2, behavior=[2, 3, 4, 5], timestamp=[100, 50, 160, 400]
    )
    again = histories.take([1, 0, 1])
    assert again.behavior.tolist() == [2, 4, 5, 3, 2, 4, 5]
    assert again.timestamp.tolist() == [100, 160, 400, 50, 100, 160, 400]
    inputs = histories.inputs(("history", "behavior", "time_gap", "user"), 2)
    assert set(inputs) == {"history", "behavior", "time_gap"}
    assert inputs["history"].tolist() == [[1, 0], [8, 99]]
    assert inputs["behavior"].tolist() == [[3, 0], [4, 5]]
    # The item before the first one that is kept counts.
    assert inputs["time_gap"].tolist() == [[0, 0], [60, 240]]
    assert inputs["time_gap"].dtype == "float32"
    # An item that is left out leaves its behavior and time out.
    known = histories.known(50)
    assert [list(one) for one in known] == [[], [7, 8]]
    assert known.behavior.tolist() == [2, 4] and known.timestamp.tolist() == [100, 160]


def test_context_that_nobody_knows():
    inputs = Histories.from_pairs([0, 0], [5, 6], 1).inputs(("behavior", "time_gap"), 3)
    assert inputs["behavior"].tolist() == [[0, 0, 0]]
    assert inputs["time_gap"].tolist() == [[-1, -1, 0]]
    # Times from 1970 on are times, others are none; time that runs backwards stands still.
    gap = time_gaps(np.array([0, 10, 30, 20, 7]), np.array([0, 4]))
    assert gap.tolist() == [-1, -1, 20, 0, 0]
    with pytest.raises(InputError, match="behavior has shape"):
        Histories(np.array([0, 2]), np.array([5, 6]), behavior=np.array([1]))


def test_context_is_saved(tmp_path):
    histories = Histories.from_pairs([0, 0], [5, 6], 1, timestamp=[3, 4])
    histories.save(tmp_path / "h.npz")
    again = Histories.load(tmp_path / "h.npz")
    assert again.timestamp.tolist() == [3, 4] and again.behavior is None


def test_what_was_before_stands_before_and_nothing_counts_twice():
    def lists(keys, items, times=None, num_keys=3):
        return Histories.from_pairs(keys, items, num_keys, timestamp=times)

    old = lists([0, 0, 1], [5, 6, 7], [10, 20, 30], num_keys=2)
    new = lists([0, 2, 0], [6, 8, 5], [20, 25, 40])
    both = new.after(old)
    assert [each.tolist() for each in both] == [[5, 6, 5], [7], [8]]
    assert both.timestamp.tolist() == [10, 20, 40, 30, 25]
    assert new.after(lists([], [], [])) is new and both.after(old) is both
    # A time that one of them does not know says nothing of what is the same.
    untimed = new.after(lists([0, 1, 1], [5, 9, 7]))
    assert [each.tolist() for each in untimed] == [[6, 5], [9, 7], [8]]
    assert untimed.timestamp.tolist() == [20, 40, 0, 0, 25]
    assert lists([0], [5]).after(old).timestamp is None
