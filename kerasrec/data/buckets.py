"""Batches of sequences of similar length, with little padding."""

import numpy as np

# Narrower buckets would save little padding.
NARROWEST = 3


class Buckets:
    """Batches of sequences of similar length.

    A sequence goes to the narrowest bucket that holds it. Sequences that do not fill a batch move
    to the next wider bucket, and the last batch, of the full width, is filled with padding. With
    several buckets the order of the other batches is shuffled.

    Args:
        lengths: Real places of each example.
        widths: Of the buckets, descending from the full width, such as `halves(length)`.
        batch_size: Examples of a batch of the full width.
        evenly: Batches of half the width have twice as many examples: every batch then has the same
            number of places, and every target the same weight. False: all have `batch_size`.

    Attributes:
        steps: Batches of an epoch.
        real_share: Share of the places of an epoch that are not padding.
        batch_shape: Examples and width of every batch; None where they differ.

    Example:

    >>> import numpy as np
    >>> from kerasrec.data.buckets import Buckets
    >>> buckets = Buckets(np.array([3, 20, 4, 2, 1]), (20, 10, 5), batch_size=1)
    >>> order, starts, widths = buckets.plan(np.arange(5), np.random.default_rng(0))
    >>> [order[a:b].tolist() for a, b in zip(starts, starts[1:])], widths.tolist()
    ([[0, 2, 3, 4], [1]], [5, 20])
    """

    def __init__(self, lengths, widths, batch_size, evenly=True):
        self._widths = np.array(widths, np.int32)
        self._sizes = [batch_size << n if evenly else batch_size for n in range(len(widths))]
        # Widths descend: the last one that is wide enough is the narrowest.
        self._bucket = (np.asarray(lengths)[:, None] <= self._widths[1:]).sum(axis=1)
        left = self.steps = places = 0
        for n, count in reversed(list(enumerate(np.bincount(self._bucket, minlength=len(widths))))):
            full, left = divmod(int(count) + left, self._sizes[n])
            full += n == 0 and left > 0
            self.steps += full
            places += full * self._sizes[n] * widths[n]
        self.batch_shape = (batch_size, widths[0]) if len(widths) == 1 else None
        self.real_share = np.sum(lengths) / max(places, 1)

    def plan(self, order, random):
        """The batches of an epoch.

        Args:
            order: The numbers of the examples, in their order within a bucket.
            random: `numpy.random.Generator` of the order of the batches.

        Returns:
            The numbers `(n,)` of all batches, concatenated, the start of each batch `(steps + 1,)`
            and its width `(steps,)`. The number `len(order)` is padding.
        """
        if len(self._widths) == 1:
            missing = self.steps * self._sizes[0] - len(order)
            padding = np.full(missing, len(order), order.dtype)
            starts = np.arange(self.steps + 1) * self._sizes[0]
            return np.concatenate([order, padding]), starts, np.repeat(self._widths, self.steps)
        bucket, left, found = self._bucket[order], order[:0], []
        for n in reversed(range(len(self._widths))):
            members, size = np.concatenate([left, order[bucket == n]]), self._sizes[n]
            full = len(members) // size * size
            found += [(part, self._widths[n]) for part in members[:full].reshape(-1, size)]
            left = members[full:]
        found = [found[n] for n in random.permutation(len(found))]
        if len(left):
            padding = np.full(self._sizes[0] - len(left), len(order), order.dtype)
            found.append((np.concatenate([left, padding]), self._widths[0]))
        starts = np.cumsum([0, *(len(part) for part, _ in found)])
        return np.concatenate([part for part, _ in found]), starts, np.array([w for _, w in found])


def halves(length):
    """Widths of buckets: `length`, half of it, a quarter ..., rounded up."""
    widths = [length]
    while -(-widths[-1] // 2) >= NARROWEST:
        widths.append(-(-widths[-1] // 2))
    return tuple(widths)
