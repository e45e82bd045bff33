"""The largest numbers of each row, the same ones on every backend."""

import keras
from keras import ops


def largest(scores, k):
    """The k largest along the last axis, best first, and their places; of equal ones the first.

    >>> values, places = largest(keras.ops.array([[1.0, 3.0, 3.0]]), 2)
    >>> keras.ops.convert_to_numpy(places).tolist()
    [[1, 2]]
    """
    if keras.backend.backend() != "torch":
        return ops.top_k(scores, k)
    # PyTorch's own promises no order among equal numbers; Keras's sort there is a stable one.
    places = ops.argsort(-scores, axis=-1)[..., :k]
    return ops.take_along_axis(scores, places, axis=-1), places
