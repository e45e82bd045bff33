"""The features of a request, from values by name to the inputs of a model."""

import numpy as np
import pandas as pd

from kerasrec.errors import InputError


def request_context(model, context, size):
    """Encodes the features of n requests.

    Args:
        model: An adapted `Recommender`.
        context: Name -> a list, array or column with a value for each request, or one value for
            all; a DataFrame with a row for each; None for no values.
        size: n.

    Returns:
        `(inputs, notes)`: the inputs that the model reads by name, first axis n, and sentences on
        features that were not given, which count as missing.

    Raises:
        InputError: for a feature that the model does not know, another number of values, or a value
            unfit for its kind.
    """
    encoders = {name: one for name, one in model.context.items() if name in model.query_inputs}
    given = _columns(context)
    for name in given:
        if name not in encoders:
            known = ", ".join(encoders) or "none"
            raise InputError(
                f"context: {type(model).__name__} reads no feature {name!r} of a request; it reads "
                f"{known}"
            )
    inputs = {name: _encoded(one, given.get(name), size) for name, one in encoders.items()}
    absent = [name for name in encoders if name not in given]
    if not absent:
        return inputs, []
    return inputs, [f"context: {', '.join(absent)} not given: answered as if missing"]


def _columns(context):
    if context is None:
        return {}
    if isinstance(context, pd.DataFrame):
        return {name: context[name].to_list() for name in context}
    if not hasattr(context, "items"):
        raise InputError(
            f"context: expected a dict of lists by feature, or a DataFrame, got {context!r:.60}"
        )
    return dict(context.items())


def _encoded(encoder, values, size):
    if values is None:
        return encoder.encode([None] * size)
    if _is_one(values):
        values = [values[()] if isinstance(values, np.ndarray) else values] * size
    values = list(values)
    if len(values) != size:
        raise InputError(
            f"context: {encoder.name}: expected a value for each of {size} requests, got "
            f"{len(values)}"
        )
    # Of a category: 9 and 9.0 are the text "9", as in a table.
    return encoder.encode(values, place=lambda position: f"request {position}")


def _is_one(values):
    """Whether it is a single value: a text, or what has no elements."""
    is_list = hasattr(values, "__iter__") and getattr(values, "ndim", 1) > 0
    return isinstance(values, str | bytes) or not is_list
