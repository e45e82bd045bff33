import numpy as np

from kerasrec.evaluation.groups import deciles


def test_deciles_hold_equally_many_truths_rarest_first():
    items = np.repeat(np.arange(2, 102), 3)
    counts = np.arange(102)[::-1].copy()
    found = deciles(items, counts)
    assert np.bincount(found).tolist() == [30] * 10
    order = np.argsort(counts[items], kind="stable")
    assert (np.diff(found[order]) >= 0).all()


def test_one_item_is_in_one_decile():
    items = np.array([2] * 50 + [3, 4] * 25)
    found = deciles(items, counts=np.array([0, 0, 9, 5, 5]))
    assert [len(set(found[items == item])) for item in (2, 3, 4)] == [1, 1, 1]
    assert found[0] > found[50]
    assert deciles(np.array([2]), counts=np.array([0, 0, 9])).tolist() == [5]
