"""Keras inputs of a query."""

import keras

from kerasrec.data.query_spec import QUERY_INPUTS


def query_input(name):
    """The `keras.Input` of an entry of `QUERY_INPUTS`, under its name.

    >>> query_input("time_gap").shape, query_input("user").dtype
    ((None, None), 'int32')
    """
    each = QUERY_INPUTS[name]
    return keras.Input(each.shape, dtype=each.dtype, name=name)
