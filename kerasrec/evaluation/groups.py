"""Which items and users are cold, warm and hot, and which decile of popularity an item is in."""

import numpy as np

GROUPS = ("cold", "warm", "hot")
HOT_ITEM = (
    10  # training interactions from which an item is hot; below, it is warm; without any, cold
)
HOT_USER = 10  # known interactions from which a user is hot
DECILES = 10


def group_of(counts, hot):
    """Index into GROUPS, int8 of the shape of `counts`.

    >>> group_of([0, 1, 9, 10], hot=10)
    array([0, 1, 1, 2], dtype=int8)
    """
    counts = np.asarray(counts)
    return ((counts > 0).astype("int8") + (counts >= hot)).astype("int8")


def deciles(items, counts):
    """Decile of each of `items` (n,) by popularity, int64 (n,): 0 rarest to 9 most popular.

    The deciles hold about equally many of the n, not equally many items of the catalogue: an item
    of which many of the n speak counts as often. One item is in one decile only.

    >>> deciles([2, 3, 3, 4], counts=[0, 0, 1, 5, 90])
    array([1, 5, 5, 8])
    """
    mass = np.bincount(items, minlength=len(counts))
    order = np.lexsort((np.arange(len(mass)), counts))
    order = order[mass[order] > 0]
    middle = np.cumsum(mass[order]) - mass[order] / 2.0
    decile = np.zeros(len(mass), dtype="int64")
    decile[order] = np.minimum(middle * DECILES // max(1, len(items)), DECILES - 1)
    return decile[items]
