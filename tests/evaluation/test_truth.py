import numpy as np

from kerasrec.data import Histories
from kerasrec.evaluation.truth import Truth


def test_pairs_are_found_as_in_a_set():
    rng = np.random.default_rng(0)
    lists = [rng.integers(2, 40, rng.integers(0, 9)) for _ in range(25)]
    keys = np.repeat(np.arange(25), [len(each) for each in lists])
    truth = Truth(Histories.from_pairs(keys, np.concatenate(lists), 25), 40)
    sets = [set(each.tolist()) for each in lists]
    assert len(truth) == sum(map(len, sets))
    assert truth.num_relevant.tolist() == [len(each) for each in sets]
    asked = rng.integers(0, 40, (25, 12))
    found = truth.find(np.arange(25)[:, None], asked)
    expected = [[item in wanted for item in row] for row, wanted in zip(asked, sets, strict=True)]
    np.testing.assert_array_equal(found >= 0, expected)
    np.testing.assert_array_equal(truth.item[found[found >= 0]], asked[found >= 0])
    np.testing.assert_array_equal(truth.query[found[found >= 0]], np.nonzero(found >= 0)[0])


def test_numbers_beyond_32_bits():
    histories = Histories.from_pairs([99_999], [999_999], 100_000)
    truth = Truth(histories, 1_000_000)
    assert truth.find([99_999, 99_998], [999_999, 999_999]).tolist() == [0, -1]
