"""K-means clustering of item vectors into the buckets of `IVFIndex`."""

import numpy as np

SAMPLE_PER_BUCKET = 32  # vectors per bucket from which the centres are learned
ROUNDS = 5
MAX_FLOATS = 2**22  # distances in memory at a time


def k_means(vectors, count, seed=0):
    """Clusters vectors into `count` buckets.

    Lloyd's algorithm: a vector belongs to its nearest centre, a centre is the mean of its vectors.
    Distances are Euclidean, not angular: long vectors have large dot products with many queries, so
    they should share buckets. The centres are learned from at most 32 vectors per bucket in 5
    rounds. A centre without vectors restarts from a random vector.

    Args:
        vectors: `(n, dim)` float32.
        count: Number of buckets; some may stay empty.
        seed: Seed of the sample and of the first centres.

    Returns:
        `(n,)` int32, the bucket of each vector.

    >>> k_means(np.array([[2.0, 0.0], [0.0, 1.0], [2.0, 1.0], [0.1, 3.0]]), 2).tolist()
    [1, 0, 1, 0]
    """
    generator = np.random.default_rng(seed)
    sample = vectors[generator.permutation(len(vectors))[: SAMPLE_PER_BUCKET * count]]
    centres = sample[:count].copy()
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centres)
        order = np.argsort(nearest, kind="stable")
        found, starts, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
        centres = sample[generator.integers(0, len(sample), len(centres))]
        centres[found] = np.add.reduceat(sample[order], starts, axis=0) / sizes[:, None]
    return _nearest(vectors, centres)


def _nearest(vectors, centres):
    nearest = np.empty(len(vectors), "int32")
    step = max(1, MAX_FLOATS // len(centres))
    # |v - c|^2 is smallest where <v, c> - |c|^2 / 2 is largest.
    half = np.einsum("nd,nd->n", centres, centres) / 2
    for start in range(0, len(vectors), step):
        part = slice(start, start + step)
        scores = vectors[part] @ centres.T
        scores -= half
        nearest[part] = np.argmax(scores, axis=1)
    return nearest
