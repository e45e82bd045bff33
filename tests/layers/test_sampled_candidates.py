import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import SampledCandidates

COUNTS = [0, 0, 5, 1, 9, 0, 7]
# Ranks of rows 2 to 6 by popularity: 4, 6, 2, 3, 5.
RANKS = {2: 2, 3: 3, 4: 0, 5: 4, 6: 1}
VECTORS = np.arange(14, dtype="float32").reshape(7, 2)


def item_model(rows):
    return VECTORS[rows]


def probabilities(distribution):
    if distribution == "uniform":
        return {row: 1 / 5 for row in RANKS}
    return {row: np.log((rank + 2) / (rank + 1)) / np.log(6) for row, rank in RANKS.items()}


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform"])
def test_samples_follow_the_distribution(distribution):
    layer = SampledCandidates(7, 200_000, distribution)
    layer.adapt(COUNTS)
    expected = probabilities(distribution)
    np.testing.assert_allclose(sum(expected.values()), 1.0)
    rows, counts = np.unique(layer.sample(), return_counts=True)
    assert rows.tolist() == [2, 3, 4, 5, 6]
    # Five standard deviations of 200 000 draws are below 0.0056.
    np.testing.assert_allclose(counts / 200_000, [expected[row] for row in rows], atol=0.0056)
    said = np.exp(layer.log_expected_count(rows)) / 200_000
    np.testing.assert_allclose(said, [expected[row] for row in rows], rtol=1e-5)


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform"])
def test_by_hand(distribution, monkeypatch):
    layer = SampledCandidates(7, 3, distribution)
    layer.adapt(COUNTS)
    monkeypatch.setattr(layer, "sample", lambda: np.array([4, 2, 4], "int32"))
    query, item = np.array([[1, 0], [0, 1]], "float32"), np.array([3, 4], "int32")
    logits = layer(query, item, item_model=item_model)
    q = {row: np.log(3 * p) for row, p in probabilities(distribution).items()}
    expected = [
        [6 - q[3], 8 - q[4], 4 - q[2], 8 - q[4]],
        [9 - q[4], -1e9, 5 - q[2], -1e9],
    ]
    np.testing.assert_allclose(logits, expected, rtol=1e-5)
    plain = SampledCandidates(7, 3, distribution, log_q=False, mask_accidental_hits=False)
    monkeypatch.setattr(plain, "sample", lambda: np.array([4, 2, 4], "int32"))
    np.testing.assert_allclose(
        plain(query, item, item_model=item_model), [[6, 8, 4, 8], [9, 9, 5, 9]]
    )


def test_the_seed_repeats_and_the_steps_differ():
    one, two, other = (SampledCandidates(1000, 20, seed=seed) for seed in (3, 3, 4))
    first = np.asarray(one.sample())
    np.testing.assert_array_equal(first, two.sample())
    assert (first != np.asarray(other.sample())).any()
    assert (first != np.asarray(one.sample())).any()


def test_every_rank_of_a_long_tail_can_be_sampled():
    """A single float32 draw steps over ranks at the end: 82 900 distinct ones instead of 90 000."""
    items, draws = 3_000_000, 2_000_000
    layer = SampledCandidates(items + 2, draws, "log_uniform")
    rows = np.asarray(layer.sample())
    assert rows.min() == 2 and rows.max() <= items + 1
    ranks = np.arange(items // 2, items)
    missed = (1 - np.log1p(1 / (ranks + 1)) / np.log(items + 1)) ** draws
    # How many of the last ranks appear at all; seven standard deviations.
    distinct = len(np.unique(rows[rows >= items // 2 + 2]))
    np.testing.assert_allclose(distinct, (1 - missed).sum(), atol=2500)


def test_unknown_distribution():
    with pytest.raises(InputError, match="'uniform' or 'log_uniform', received 'zipf'"):
        SampledCandidates(7, distribution="zipf")


def test_no_negatives():
    with pytest.raises(InputError, match="num_negatives: expected at least 1, received 0"):
        SampledCandidates(7, 0)
