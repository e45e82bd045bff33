"""The distinct values of large arrays, by sorting them.

`np.unique` and `np.isin` put whole numbers into a hash table from NumPy 2.3 on, which is much
slower than a sort where millions of 64-bit codes differ.
"""

import numpy as np


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
