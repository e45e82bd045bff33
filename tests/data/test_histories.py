import numpy as np
import pytest

from kerasrec.data.histories import Histories
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
