"""Limits the weights that may be made while a model is built from a config file."""

import contextlib
import functools
import math
import threading

import keras

from kerasrec.errors import InputError

# A class from outside kerasrec may make some weights that it does not keep.
EXTRA_WEIGHTS, EXTRA_NUMBERS = 100, 2**20
# `keras.Layer.add_weight` is patched: only one thread may do so at a time.
_PATCH_LOCK = threading.RLock()


@contextlib.contextmanager
def bounded_weights(num_weights, num_numbers, message):
    """Inside this context, layers of this thread may make only a limited number of weights.

    `dim: 1000000000` is a few bytes in a config and four gigabytes for every row of a table. The
    sizes are added up when Keras is asked for a weight, before the weight is allocated.

    Args:
        num_weights: Expected number of weights; `EXTRA_WEIGHTS` more are allowed.
        num_numbers: Expected number of values in all weights; `EXTRA_NUMBERS` more are allowed.
        message: Start of the error message.

    Raises:
        InputError: if layers ask for more.
    """
    weights, numbers = 0, 0
    max_weights, max_numbers = num_weights + EXTRA_WEIGHTS, num_numbers + EXTRA_NUMBERS
    thread, add_weight = threading.get_ident(), keras.Layer.add_weight

    @functools.wraps(add_weight)
    def counted(self, shape=None, *args, **kwargs):
        nonlocal weights, numbers
        if threading.get_ident() == thread:
            weights += 1
            numbers += math.prod(shape if isinstance(shape, (tuple, list)) else [shape or 1])
            if weights > max_weights or numbers > max_numbers:
                raise InputError(
                    f"{message}: at least {weights:,} weights with {numbers:,} numbers"
                )
        return add_weight(self, shape, *args, **kwargs)

    with _PATCH_LOCK:
        # No other function of Keras sees every weight of every layer.
        keras.Layer.add_weight = counted
        try:
            yield
        finally:
            keras.Layer.add_weight = add_weight
