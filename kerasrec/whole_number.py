"""Checks whole numbers given by the user, such as k."""

import operator

from kerasrec.errors import InputError


def whole_number(value, name, least, most=None, most_is=""):
    """`value` as an int: one of Python, NumPy or a tensor.

    Args:
        value: The value to check. A bool, a text and a float are refused, 3.0 as well: the same
            computation may give 2.9999999 the next time.
        name: Name of the argument, for the error message.
        least, most: Bounds, both included; None for no upper bound.
        most_is: Meaning of the upper bound, for the error message.

    Raises:
        InputError: for anything else.

    >>> whole_number(3, "k", 1)
    3
    >>> whole_number(3.0, "k", 1)
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: k must be a whole number of at least 1: got 3.0
    """
    try:
        found = None if _is_bool(value) else operator.index(value)
    except TypeError:
        found = None
    if found is None or found < least or (most is not None and found > most):
        bounds = f"of at least {least}" if most is None else f"between {least} and {most_is}{most}"
        raise InputError(f"{name} must be a whole number {bounds}: got {value!r}")
    return found


def _is_bool(value):
    # NumPy's bool is not a subclass of Python's.
    return isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"
