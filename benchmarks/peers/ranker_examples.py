"""Invented impressions, the same for all implementations of a ranker; NumPy only."""

import numpy as np

from benchmarks.peers.ids import zipf_ids

BATCHES = 16


def ranker_examples(case):
    """Ids `(BATCHES, batch, fields)` from 2 to `rows` - 1, and labels 0 or 1 `(BATCHES, batch)`.

    With `drawn_from` they are drawn from so many rows and spread over the table: a larger table
    then has no more distinct ids a batch.
    """
    shape = BATCHES, case["batch"], case["fields"]
    drawn_from = case.get("drawn_from", case["rows"])
    ids = 1 + zipf_ids(drawn_from - 1, shape) * (case["rows"] // drawn_from)
    return ids, np.float32(np.random.default_rng(0).random(shape[:2]) < 0.5)
