"""How far two distributions of items are apart."""

import numpy as np
from scipy import special

SAMPLES = 20


def popularity_divergence(recent, train, seed=0):
    """The Jensen-Shannon divergence of two counts of items, and that of chance.

        JS = KL(p | m) / 2 + KL(q | m) / 2,  m = (p + q) / 2

    in bits: 0 for equal shares, 1 if no item is in both. A small sample is always some distance
    away, so the second number is the mean divergence of equally large samples of `train`.

    Args:
        recent, train: `(items,)`, counts of the same items.
        seed: Of the samples.

    Returns:
        Two floats; NaN if a count has no items.

    Source: Lin, Divergence measures based on the Shannon entropy (1991).

    >>> popularity_divergence([4, 0], [0, 9])
    (1.0, 0.0)
    """
    recent, train = np.asarray(recent, "float64"), np.asarray(train, "float64")
    if not recent.sum() or not train.sum():
        return float("nan"), float("nan")
    shares, size = train / train.sum(), int(recent.sum())
    random = np.random.default_rng(seed)
    chance = [_divergence(random.multinomial(size, shares) / size, shares) for _ in range(SAMPLES)]
    return _divergence(recent / recent.sum(), shares), float(np.mean(chance))


def _divergence(p, q):
    middle = (p + q) / 2
    total = special.rel_entr(p, middle).sum() + special.rel_entr(q, middle).sum()
    return float(total / (2 * np.log(2)))
