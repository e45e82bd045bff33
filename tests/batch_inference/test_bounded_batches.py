import numpy as np

from kerasrec.batch_inference.bounded_batches import bounded_batches


def sizes(widths, **bounds):
    return [len(batch) for batch in bounded_batches(np.array(widths), **bounds)]


def test_one_wide_query_stands_alone():
    widths = np.array([10] * 50 + [1_000_000] + [10] * 50)
    batches = list(bounded_batches(widths, steps=400))
    assert [len(batch) for batch in batches] == [40, 40, 20, 1] and batches[-1].tolist() == [50]
    assert sorted(np.concatenate(batches)) == list(range(101))


def test_each_bound_holds():
    assert sizes([0] * 7, most=3) == [3, 3, 1]
    assert sizes([4, 4, 4, 5], steps=12) == [3, 1]
    assert sizes([4, 4, 4, 5], given=6, ids=20) == [2, 1, 1]
    assert sizes([], most=3) == []
