"""Random ids with a Zipf distribution; NumPy only."""

import numpy as np

# A prime above all table sizes: it scatters popular ids over the table without a permutation.
SCATTER = 2_654_435_761


def zipf_ids(rows, shape, exponent=1.2, seed=0):
    """Draws ids from 1 to rows - 1 (0 is padding); rank k has the weight k ** -exponent."""
    random = np.random.default_rng(seed)
    count = int(np.prod(shape))
    ranks = np.empty(0, "int64")
    while len(ranks) < count:
        drawn = random.zipf(exponent, 2 * count)
        ranks = np.append(ranks, drawn[drawn < rows])
    return (1 + ranks[:count] * SCATTER % (rows - 1)).reshape(shape)
