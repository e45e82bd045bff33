"""How large a request is, by the shapes of its inputs: known before one array is made."""

import math

from kerasrec.serving.refusal import invalid

EXPLAINED = "recommend_explained"
# A user stands for a history in the export, whose length the request does not show.
STORED = 128
MOST_DIMENSIONS = 32  # of an array in NumPy 1
LARGEST = 1 << 63  # what a sentence says of a size at most
SHOWN = 8


def check_shapes(name, signature, shapes, limits):
    """Whether inputs of these shapes may be asked, together with the defaults of the others.

    Args:
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        shapes: Name of an input -> the sizes of its dimensions, as somebody claims them.
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
    """Why inputs of these shapes are more than a signature takes at once; "" if they are not.

    One row stands for all, so each input is counted with the rows of the longest.

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
        return f"A request of {rows} rows: at most {limits.rows} are answered at once. Split it."
    # A size of 0 counts as 1: NumPy bounds the others also where an array holds nothing.
    widths = {
        key: min(LARGEST, math.prod(size or 1 for size in shape[1:]))
        for key, shape in shapes.items()
    }
    key = max(widths, key=widths.get)
    bounds = [(sum(widths.values()), limits.values)]
    if name == EXPLAINED:
        bounds.append((max(widths[key], STORED), limits.explained))
    for width, most in bounds:
        if max(1, rows) * width > most:
            return (
                f"{rows} rows of {width} values, {widths[key]} of them of {key}, are more than the "
                f"{most} that {name} takes at once. Shorten the lists, or split the request."
            )
    return ""


def _check_shape(key, wanted, shape):
    if wanted is None:
        if len(shape) > MOST_DIMENSIONS:
            raise invalid(f"{key} has more than {MOST_DIMENSIONS} dimensions.")
        if min(shape, default=0) < 0:
            raise invalid(f"{key} has the shape {_said(shape)}: no size is below 0.")
        return
    fits = len(shape) == len(wanted) and all(
        found >= 0 if size is None else found == size
        for size, found in zip(wanted, shape, strict=True)
    )
    if not fits:
        expected = ", ".join("any" if size is None else str(size) for size in wanted)
        raise invalid(f"{key} has the shape {_said(shape)}; expected [{expected}].")


def _said(shape):
    more = ", ..." if len(shape) > SHOWN else ""
    return f"[{', '.join(map(str, shape[:SHOWN]))}{more}]"
