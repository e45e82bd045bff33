"""A table's one column, as tables give it."""


def flat_column(values):
    """An array `(n, 1)` as `(n,)`, any other as it is.

    >>> import numpy as np
    >>> flat_column(np.array([[1], [2]])).tolist()
    [1, 2]
    """
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
