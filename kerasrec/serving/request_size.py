"""Checks the size of a request by the shapes of its inputs, before any array is made."""

import math

from kerasrec.serving.refusal import invalid

# Signatures whose work grows with the length of a history much more than that of others.
LONG = ("recommend_explained", "profile")
# Assumed length of a stored history, which the request does not show.
STORED_LENGTH = 128
MAX_DIMENSIONS = 32  # of an array in NumPy 1
MAX_WIDTH = 1 << 63  # larger widths are cut to this in messages
SHOWN = 8


def check_shapes(name, signature, shapes, limits):
    """Checks the shapes of inputs, together with the defaults of missing ones.

    Args:
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        shapes: Name of an input -> the sizes of its dimensions; these may be untrusted claims.
        limits: A `Limits`.

    Raises:
        Refusal: for a shape that does not fit the signature, or too many values.
    """
    for key, shape in shapes.items():
        _check_shape(key, signature.inputs[key].shape, shape)
    defaults = {
        key: wanted.default.shape
        for key, wanted in signature.inputs.items()
        if wanted.default is not None
    }
    if reason := too_large(name, {**defaults, **shapes}, limits):
        raise invalid(reason)


def too_large(name, shapes, limits):
    """Returns why inputs of these shapes are too large for one request, or "".

    A one-row input is repeated for all rows, so each input counts with the largest number of rows.

    Args:
        name: Name of the signature.
        shapes: Name of an input -> the sizes of its dimensions.
        limits: A `Limits`.

    >>> from kerasrec.serving.limits import Limits
    >>> too_large("recommend", {"history": (8, 4), "k": (1,)}, Limits(values=40))
    ''
    >>> too_large("recommend", {"history": (8, 5), "k": (1,)}, Limits(values=40))[:41]
    '8 rows of 6 values, 5 of them of history,'
    """
    counts = {key: shape[0] for key, shape in shapes.items() if shape}
    rows = max(counts.values(), default=1)
    if wrong := {key: count for key, count in counts.items() if count not in (1, rows)}:
        key, count = wrong.popitem()
        return (
            f"{key} has {count} rows and another input {rows}: give the same number, or 1 for all."
        )
    if rows > limits.rows:
        return f"The request has {rows} rows: expected at most {limits.rows}. Split it."
    # A size of 0 counts as 1: NumPy limits the other sizes even of an empty array.
    widths = {
        key: min(MAX_WIDTH, math.prod(size or 1 for size in shape[1:]))
        for key, shape in shapes.items()
    }
    key = max(widths, key=widths.get)
    checks = [(sum(widths.values()), limits.values)]
    if name in LONG:
        checks.append((max(widths[key], STORED_LENGTH), limits.explained))
    for width, most in checks:
        if max(1, rows) * width > most:
            return (
                f"{rows} rows of {width} values, {widths[key]} of them of {key}, are more than the "
                f"{most} values that {name} takes. Shorten the lists, or split the request."
            )
    return ""


def _check_shape(key, wanted, shape):
    if wanted is None:
        if len(shape) > MAX_DIMENSIONS:
            raise invalid(f"{key} has more than {MAX_DIMENSIONS} dimensions.")
        if min(shape, default=0) < 0:
            raise invalid(f"{key} has the shape {_format(shape)}: no size may be negative.")
        return
    fits = len(shape) == len(wanted) and all(
        found >= 0 if size is None else found == size
        for size, found in zip(wanted, shape, strict=True)
    )
    if not fits:
        expected = ", ".join("any" if size is None else str(size) for size in wanted)
        raise invalid(f"{key} has the shape {_format(shape)}; expected [{expected}].")


def _format(shape):
    more = ", ..." if len(shape) > SHOWN else ""
    return f"[{', '.join(map(str, shape[:SHOWN]))}{more}]"
