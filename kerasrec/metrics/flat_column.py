"""Flattens a single column."""


def flat_column(values):
    """Flattens an array `(n, 1)` to `(n,)` and returns any other array unchanged.

    >>> import numpy as np
    >>> flat_column(np.array([[1], [2]])).tolist()
    [1, 2]
    """
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
