"""Checks the types of values in a server's JSON; each function raises for another type."""

import math

MAX_INT = (1 << 63) - 1


def as_number(value):
    """Returns a number as a float. `-inf` is allowed as padding, infinity and NaN are not.

    >>> as_number(3)
    3.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    value = float(value)
    if not value < math.inf:
        raise ValueError("not a score")
    return value


def as_whole(value):
    """Returns a 64-bit int, also from a string, as the JSON of Protocol Buffers writes it.

    >>> as_whole("-1")
    -1
    """
    if isinstance(value, str) and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    if not -MAX_INT <= value <= MAX_INT:
        raise ValueError("more than 64 bits")
    return value


def as_text(value):
    """Returns a string that can be encoded; unpaired surrogates raise.

    >>> as_text("book-17")
    'book-17'
    """
    if not isinstance(value, str):
        raise TypeError("not a string")
    value.encode()
    return value


def as_list(value):
    """Returns a list; strings and dicts raise, although they are iterable."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value
