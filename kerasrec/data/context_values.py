"""Features of requests as given: a value, or a list of values, by name."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasrec.errors import InputError


def context_values(context: Any, size: int, argument: str = "context") -> dict[str, list[Any]]:
    """A list with a value for each of `size` requests, by name.

    Args:
        context: Name -> a list, array or column with a value for each request, or one value for
            all; a DataFrame with a row for each; None for no values. The outer list is always that
            of the requests: of a feature whose value is a list, one value for two requests is
            `[["a", "b"]] * 2`, and `["a", "b"]` is "a" for the first and "b" for the second.
        size: Number of requests.
        argument: What it is called, for the error message.

    Raises:
        InputError: for another type, or another number of values.

    >>> context_values({"hour": [9, 22], "device": "ios"}, 2)
    {'hour': [9, 22], 'device': ['ios', 'ios']}
    """
    if context is None:
        return {}
    if not hasattr(context, "items"):
        raise InputError(
            f"{argument}: expected a dict of lists by feature, or a DataFrame, got {context!r:.60}"
        )
    return {name: _listed(f"{argument}: {name}", values, size) for name, values in context.items()}


def check_names(
    given: Iterable[str],
    known: Iterable[str],
    reader: str,
    argument: str = "context",
    owner: str = "request",
) -> None:
    """InputError for a feature that is not known.

    Args:
        given: Names of features.
        known: Those that are read.
        reader, argument, owner: What reads them, the argument that holds them, and what they are
            features of, for the error message.
    """
    known = list(known)
    for name in given:
        if name not in known:
            raise InputError(
                f"{argument}: {reader} reads no feature {name!r} of a {owner}; it reads "
                f"{', '.join(known) or 'none'}"
            )


def absent_notes(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence on the features that were not given, if there are some.

    >>> absent_notes(["hour"], ["hour", "device", "price"])
    ['context: device, price not given: answered as if missing']
    """
    absent = [name for name in known if name not in given]
    return [f"context: {', '.join(absent)} not given: answered as if missing"] if absent else []


def _listed(name: str, values: Any, size: int) -> list[Any]:
    if is_one(values):
        return [values[()] if isinstance(values, np.ndarray) else values] * size
    values = list(values)
    if len(values) != size:
        raise InputError(
            f"{name}: expected a value for each of {size} requests, got {len(values)}. "
            f"One list of values for all requests is written [[...]] * {size}"
        )
    return values


def is_one(values: Any) -> bool:
    """Whether it is a single value: a text, or what has no elements."""
    is_list = hasattr(values, "__iter__") and getattr(values, "ndim", 1) > 0
    return isinstance(values, str | bytes) or not is_list
