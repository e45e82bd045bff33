"""Batches of sequences of about one length."""

import numpy as np
import pytest

from kerasrec.data.buckets import Buckets, halves


def plan(buckets, count, seed=0):
    order, starts, widths = buckets.plan(
        np.random.default_rng(seed).permutation(count), np.random.default_rng(seed)
    )
    return [order[a:b] for a, b in zip(starts, starts[1:], strict=False)], widths.tolist()


@pytest.mark.parametrize(
    "length,widths",
    [(200, (200, 100, 50, 25, 13, 7, 4)), (50, (50, 25, 13, 7, 4)), (4, (4,)), (1, (1,))],
)
def test_widths_are_halves_rounded_up(length, widths):
    assert halves(length) == widths


def test_a_batch_as_wide_as_its_bucket_by_hand():
    # Two of 20 places; of 10: one, of 5: five, of which four fill a batch and one moves up twice.
    lengths = np.array([3, 20, 4, 2, 11, 1, 5, 6])
    buckets = Buckets(lengths, (20, 10, 5), batch_size=1)
    found = buckets.plan(np.arange(8), np.random.default_rng(0))
    order, starts, widths = found
    by_width = {}
    for a, b, width in zip(starts, starts[1:], widths, strict=False):
        by_width.setdefault(int(width), []).append(order[a:b].tolist())
    assert {5: by_width[5], 10: by_width[10]} == {5: [[0, 2, 3, 5]], 10: [[6, 7]]}
    assert sorted(by_width[20]) == [[1], [4]]
    assert buckets.steps == 4
    assert buckets.real_share == lengths.sum() / (4 * 5 + 2 * 10 + 2 * 20)


@pytest.mark.parametrize("evenly", [True, False])
@pytest.mark.parametrize("count", [1, 7, 64, 1000])
def test_every_example_once_in_a_batch_that_holds_it(count, evenly):
    lengths = np.random.default_rng(1).integers(1, 51, count)
    buckets = Buckets(lengths, halves(50), batch_size=4, evenly=evenly)
    found, widths = plan(buckets, count)
    assert len(found) == len(widths) == buckets.steps
    numbers = np.concatenate(found)
    assert sorted(numbers[numbers < count]) == list(range(count))
    places = 0
    for n, (part, width) in enumerate(zip(found, widths, strict=True)):
        real = part[part < count]
        assert lengths[real].max() <= width
        # Padding is the number after the last, in the last batch only and behind what is real.
        assert len(real) == len(part) or n == buckets.steps - 1
        assert (part[len(real) :] == count).all()
        assert len(part) == (4 * {50: 1, 25: 2, 13: 4, 7: 8, 4: 16}[width] if evenly else 4)
        places += len(part) * width
    assert buckets.real_share == pytest.approx(lengths.sum() / places)


def test_another_epoch_is_another_order_of_batches():
    lengths = np.repeat([3, 30], 500)
    buckets = Buckets(lengths, halves(50), batch_size=4)
    first, widths = plan(buckets, 1000)
    again, same = plan(buckets, 1000)
    other, others = plan(buckets, 1000, seed=1)
    assert widths == same and all(map(np.array_equal, first, again))
    assert widths != others and not all(map(np.array_equal, first, other))
    # Short and long ones are mixed.
    assert len(set(widths[:50])) > 1 and len(set(widths[-50:])) > 1


def test_one_width_keeps_the_order():
    buckets = Buckets(np.array([1, 2, 3, 1, 2]), (3,), batch_size=2)
    order, starts, widths = buckets.plan(np.array([4, 3, 2, 1, 0]), np.random.default_rng(0))
    assert order.tolist() == [4, 3, 2, 1, 0, 5] and starts.tolist() == [0, 2, 4, 6]
    assert widths.tolist() == [3, 3, 3] and buckets.batch_shape == (2, 3)
