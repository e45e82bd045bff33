"""Invented batches, the same for all implementations of a model; NumPy only."""

import numpy as np

from benchmarks.peers.ids import zipf_ids

BATCHES = 16
# Length of the shortest history; the longest has the case's `length`.
SHORTEST = 5


def examples(case):
    """Makes a dict of arrays `(BATCHES, batch, ...)` for the case's model.

    user, item, negative: ids. label: 0 or 1 with equal probability. history `(length,)`: padded
    with 0 on the right, with `lengths`. next: the item after each position of the history, 0 at
    padding.
    """
    random = np.random.default_rng(0)
    shape = BATCHES, case["batch"]
    items = case["items"]
    found = {
        "user": random.integers(2, case.get("users", 3), shape),
        "item": 1 + zipf_ids(items - 1, shape),
        "negative": random.integers(2, items, shape),
        "label": np.float32(random.random(shape) < 0.5),
    }
    if "length" in case:
        length = case["length"]
        sequence = 1 + zipf_ids(items - 1, (*shape, length + 1), seed=1)
        lengths = random.integers(min(SHORTEST, length), length + 1, shape)
        real = np.arange(length) < lengths[..., None]
        found["history"], found["next"] = sequence[..., :-1] * real, sequence[..., 1:] * real
        found["lengths"] = lengths
    return found


def texts(case):
    """Int tokens `(items, text)` of every item, padded with 0; rows 0 and 1 are empty."""
    random = np.random.default_rng(2)
    tokens = 1 + zipf_ids(case["words"] - 1, (case["items"], case["text"]), seed=3)
    tokens *= np.arange(case["text"]) < random.integers(3, case["text"] + 1, (case["items"], 1))
    tokens[:2] = 0
    return tokens
