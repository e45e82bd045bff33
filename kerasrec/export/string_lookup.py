"""The tables between external ids and rows, inside the served graph."""

import keras

# Keras refuses an empty vocabulary; nothing is ever looked up in one.
NO_WORDS = ["[nothing]"]


def string_lookup(vocabulary, invert=False):
    """A Keras `StringLookup` with the rows of a `Vocabulary`; `invert` for ids of rows."""
    ids, unknown = list(vocabulary.ids) or NO_WORDS, "[unknown]"
    while unknown in vocabulary:
        unknown += "?"
    return keras.layers.StringLookup(
        vocabulary=ids, mask_token="", oov_token=unknown, invert=invert
    )
