"""The values of an answer, each of the type that it must have; anything else raises."""

import math

LARGEST = (1 << 63) - 1


def number(value):
    """A number as a float; `-inf` is one, which pads, but infinity and NaN are no scores.

    >>> number(3)
    3.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    value = float(value)
    if not value < math.inf:
        raise ValueError("no score")
    return value


def whole(value):
    """A whole number of 64 bits, also as text: so JSON of Protocol Buffers writes them.

    >>> whole("-1")
    -1
    """
    if isinstance(value, str) and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("no whole number")
    if not -LARGEST <= value <= LARGEST:
        raise ValueError("more than 64 bits")
    return value


def text(value):
    """A text that can be written: halves of characters cannot.

    >>> text("book-17")
    'book-17'
    """
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()
    return value


def listed(value):
    """A list: what is text or a mapping can be gone through as well, and is none."""
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
