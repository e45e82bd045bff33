"""Groups of items and users by interactions (cold, warm, hot), and deciles of popularity."""

import numpy as np

GROUPS = ("cold", "warm", "hot")
# With at least so many training interactions an item is hot; with fewer warm, with none cold.
HOT_ITEM = 10
# The same of a user's known interactions.
HOT_USER = 10
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

    Each decile holds about n / 10 of the entries, not a tenth of the catalogue: an item counts as
    often as it occurs in `items`. All entries of an item are in one decile.

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
