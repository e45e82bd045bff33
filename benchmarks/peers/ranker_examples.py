"""Invented impressions, the same for all implementations of a ranker; NumPy only."""

import numpy as np

from benchmarks.peers.ids import zipf_ids

BATCHES = 16


def ranker_examples(case):
    """Ids `(BATCHES, batch, fields)` from 2 to `rows` - 1, and labels 0 or 1 `(BATCHES, batch)`."""
    shape = BATCHES, case["batch"], case["fields"]
    ids = 1 + zipf_ids(case["rows"] - 1, shape)
    return ids, np.float32(np.random.default_rng(0).random(shape[:2]) < 0.5)
