"""A model is built from arguments that somebody wrote down: no larger than its weights are."""

import contextlib
import functools
import math
import threading

import keras

from kerasrec.errors import InputError

# A class of one's own may make some weights that it does not keep.
SPARE_WEIGHTS, SPARE_NUMBERS = 100, 2**20
_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def bounded_weights(weights, numbers, said):
    """Within it, layers make at most so many weights, of so many numbers together, in this thread.

    `dim: 1000000000` is four bytes in a config and four gigabytes for every row of a table. The
    arithmetic is done as Keras is asked for a weight, and before the weight is allocated.

    Args:
        weights: How many there should be; `SPARE_WEIGHTS` more are let pass.
        numbers: How many numbers they should have; `SPARE_NUMBERS` more are let pass.
        said: What is wrong where it is more, for the sentence of the `InputError`.
    """
    made, most = [0, 0], (weights + SPARE_WEIGHTS, numbers + SPARE_NUMBERS)
    here, add_weight = threading.get_ident(), keras.Layer.add_weight

    @functools.wraps(add_weight)
    def counted(self, shape=None, *args, **kwargs):
        if threading.get_ident() == here:
            made[0] += 1
            made[1] += math.prod(shape if isinstance(shape, (tuple, list)) else [shape or 1])
            if made[0] > most[0] or made[1] > most[1]:
                raise InputError(f"{said}: {made[0]:,} or more of {made[1]:,} or more numbers")
        return add_weight(self, shape, *args, **kwargs)

    with _ONE_AT_A_TIME:
        # Keras has no other place through which every weight of every layer goes.
        keras.Layer.add_weight = counted
        try:
            yield
        finally:
            keras.Layer.add_weight = add_weight
