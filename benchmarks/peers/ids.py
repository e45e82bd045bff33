"""Ids as people choose them; NumPy only."""

import numpy as np

# A prime above every table size here: it scatters the popular ids without a permutation in memory.
SCATTER = 2_654_435_761


def zipf_ids(rows, shape, exponent=1.2, seed=0):
    """Rows 1 to rows - 1 (0 is padding), the k-th most popular as often as k ** -exponent."""
    random = np.random.default_rng(seed)
    count = int(np.prod(shape))
    ranks = np.empty(0, "int64")
    while len(ranks) < count:
        drawn = random.zipf(exponent, 2 * count)
        ranks = np.append(ranks, drawn[drawn < rows])
    return (1 + ranks[:count] * SCATTER % (rows - 1)).reshape(shape)
