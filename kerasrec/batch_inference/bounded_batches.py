"""Batches of queries whose memory does not depend on the widest query."""

import numpy as np

BATCH_ROWS = 256
BATCH_VALUES = 2**20


def bounded_batches(widths, most=BATCH_ROWS, values=BATCH_VALUES):
    """Places of the queries of each batch; queries of similar width share one.

    A batch is padded to its widest query: it holds rows x width values.

    Args:
        widths: `(n,)` values of each query.
        most: Largest number of rows.
        values: Largest number of rows x width, except in a batch of one row.

    >>> [batch.tolist() for batch in bounded_batches([2, 9, 1, 2], most=3, values=9)]
    [[2, 0, 3], [1]]
    """
    order, start = np.argsort(widths, kind="stable"), 0
    while start < len(order):
        own = np.asarray(widths)[order[start : start + most]]
        # Widths rise: the last of the first n rows is the widest of them.
        fits = np.arange(1, len(own) + 1) * np.maximum(own, 1) <= values
        size = max(1, int(fits.sum()))
        yield order[start : start + size]
        start += size
