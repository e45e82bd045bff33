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


def feature_input(each):
    """The `keras.Input` of a feature of the request, an entry of `query_spec`, under its name.

    The names of operations in a model are unique, and a table may have a column "query" or "mlp":
    so the operation has a name that no layer has.

    >>> from kerasrec.data.query_spec import QueryInput
    >>> hour = feature_input(QueryInput("hour", False, "int32", source="hour"))
    >>> hour.name, hour.shape
    ('hour', (None,))
    """
    tensor = keras.KerasTensor((None, *each.shape), each.dtype, name=each.name)
    return keras.Input(tensor=tensor, name=f"request.{each.name}")
