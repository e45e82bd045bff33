"""The tables between external ids and rows, inside the served graph."""

import keras
import numpy as np

# Keras refuses an empty vocabulary; nothing is ever looked up in one.
NO_WORDS = ["[nothing]"]


def string_lookup(vocabulary, invert=False):
    """A Keras `StringLookup` with the rows of a `Vocabulary`; `invert` for ids of rows."""
    unknown = "[unknown]"
    while unknown in vocabulary:
        unknown += "?"
    return keras.layers.StringLookup(
        vocabulary=words(vocabulary.ids), mask_token="", oov_token=unknown, invert=invert
    )


def words(ids):
    """Ids as Keras's lookups take them, of which there must be one."""
    # Objects: of a list Keras makes an array that gives every id the room of the longest.
    return np.array(ids if len(ids) else NO_WORDS, dtype=object)
