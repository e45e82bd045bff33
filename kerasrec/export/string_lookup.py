"""Lookup tables between external ids and rows, inside the served graph."""

import keras
import numpy as np

# Keras refuses an empty vocabulary. This entry is never looked up.
EMPTY_VOCABULARY = ["[nothing]"]


def string_lookup(vocabulary, invert=False):
    """A Keras `StringLookup` from ids to the rows of a `Vocabulary`; with `invert` back to ids."""
    unknown = "[unknown]"
    while unknown in vocabulary:
        unknown += "?"
    return keras.layers.StringLookup(
        vocabulary=lookup_vocabulary(vocabulary.ids),
        mask_token="",
        oov_token=unknown,
        invert=invert,
    )


def lookup_vocabulary(ids):
    """Ids as an array for Keras's `StringLookup`, which needs at least one entry."""
    # Objects: Keras turns a list into a fixed-width array, as wide as the longest id.
    return np.array(ids if len(ids) else EMPTY_VOCABULARY, dtype=object)
