"""Batches of queries whose memory does not depend on the widest query."""

import numpy as np

BATCH_ROWS = 512
# Steps of histories in a batch, padding included: larger batches of SASRec were not faster on two
# cores, and need more memory.
BATCH_STEPS = 2**15
# Ids in a batch: histories, and what is left out or allowed for each query.
BATCH_IDS = 2**22


def bounded_batches(widths, given=0, most=BATCH_ROWS, steps=BATCH_STEPS, ids=BATCH_IDS):
    """Places of the queries of each batch; queries of similar width share one.

    A batch is padded to its widest query, so it is bounded by rows x width.

    Args:
        widths: `(n,)` steps of the history of each query.
        given: Further ids of each query.
        most: Largest number of rows.
        steps: Largest rows x width, except in a batch of one row.
        ids: Largest rows x (width + given), except in a batch of one row.

    >>> [batch.tolist() for batch in bounded_batches([2, 9, 1, 2], most=3, steps=9)]
    [[2, 0, 3], [1]]
    """
    widths = np.asarray(widths)
    order, start = np.argsort(widths, kind="stable"), 0
    while start < len(order):
        own = np.maximum(widths[order[start : start + most]], 1)
        # Widths rise: the last of the first n rows is the widest of them.
        rows = np.arange(1, len(own) + 1)
        fits = (rows * own <= steps) & (rows * (own + given) <= ids)
        size = max(1, int(fits.sum()))
        yield order[start : start + size]
        start += size
