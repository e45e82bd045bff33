"""The distinct values of large arrays, by sorting them.

`np.unique` and `np.isin` put whole numbers into a hash table from NumPy 2.3 on, which is much
slower than a sort where millions of 64-bit codes differ.
"""

import numpy as np

BLOCK = 2**22  # rows of a column, which may be a file, that are in memory together


def distinct(values):
    """The distinct values of an array with one axis, ascending.

    >>> distinct(np.array([5, 2, 5]))
    array([2, 5])
    """
    values = np.sort(values)
    first = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def is_in(values, known):
    """Bool array of the shape of `values`: which are among `known`, which must be ascending.

    >>> is_in(np.array([1, 2, 9]), np.array([2, 2, 5]))
    array([False,  True, False])
    """
    if not len(known):
        return np.zeros(np.shape(values), bool)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return known[place] == values


def pair_counts(first, second):
    """The distinct pairs of two int columns as int64 `first << 32 | second`, ascending, and counts.

    A block of rows is in memory at a time, and the pairs.

    >>> pairs, counts = pair_counts(np.array([3, 2, 3]), np.array([5, 9, 5]))
    >>> (pairs >> 32).tolist(), counts.tolist()
    ([2, 3], [1, 2])
    """
    pairs, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for start in range(0, len(first), BLOCK):
        rows = slice(start, start + BLOCK)
        keys = np.sort((first[rows].astype(np.int64) << 32) | second[rows])
        begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        more = np.diff(np.append(begins, len(keys)))
        both, place = np.unique(np.concatenate([pairs, keys[begins]]), return_inverse=True)
        pairs, counts = both, np.bincount(place, np.concatenate([counts, more])).astype(np.int64)
    return pairs, counts
