"""Places of ids in a list of ids."""

import numpy as np
import pyarrow
import pyarrow.compute


def places_of(texts, known):
    """Places of texts, or bytes of UTF-8, in an Arrow array of ids, -1 for what is not there."""
    texts = pyarrow.array(texts)
    if pyarrow.types.is_null(texts.type):
        return np.full(len(texts), -1)
    found = pyarrow.compute.index_in(texts.cast(pyarrow.string()), value_set=known)
    return pyarrow.compute.fill_null(found, -1).to_numpy(zero_copy_only=False)
