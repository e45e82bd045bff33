"""The features of a request, from values by name to the columns of a signature."""

import math
import numbers
from collections.abc import Mapping

from kerasrec.client.request import LAST
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

# Inputs of the signatures of every export; a feature cannot have their names.
KNOWN = (
    "user", "history", "behavior", "timestamp", "value", "exclude", "allow", "k", "repeats", "pin",
    "boost", "boost_factor", "item", "search_text", "item_weight", "recent", "recent_behavior",
    "recent_timestamp",
)  # fmt: skip
OF_USER = "user."  # no other input has a name with a dot
MOST_NUMBERS = 2**16  # of a vector
INFINITE = 2**128 - 2**103  # in float32: larger numbers are rounded up to infinity


def context_inputs(signature):
    """The inputs of a `Signature` that are features of a request: name -> `Tensor`."""
    return {
        name: one
        for name, one in signature.inputs.items()
        if name not in KNOWN and not name.startswith(OF_USER)
    }


def user_inputs(signature):
    """The inputs of a `Signature` that are features of the user: name of feature -> `Tensor`."""
    return {
        name.removeprefix(OF_USER): one
        for name, one in signature.inputs.items()
        if name.startswith(OF_USER)
    }


def context_columns(signature, rows, context=None, single=True):
    """The features of a request that a signature reads, as lists with an entry for each row.

    | kind                  | input                  | a value                          | missing |
    |-----------------------|------------------------|----------------------------------|---------|
    | category, text        | string `(batch,)`      | a text; 9 and 9.0 are "9"        | ""      |
    | categories            | string `(batch, any)`  | a list of texts, or one; the     | [""]    |
    |                       |                        | separator of the data is unknown |         |
    | number                | float32 `(batch,)`     | a number                         | NaN     |
    | vector                | float32 `(batch, size)`| a list of numbers                | NaNs    |
    | time                  | int64 `(batch,)`       | whole seconds since 1970         | 0       |

    Args:
        signature: `Signature`.
        rows: Number of rows.
        context: Name -> value; None, NaN and a blank text are missing, as is a feature that is not
            given.
        single: Whether a value is that of all rows. Otherwise a list has a value for each row, and
            anything else is one value for all.

    Raises:
        InputError: for a feature that the signature does not have, another number of values, or a
            value unfit for its kind.

    >>> from kerasrec.client.metadata import Signature, Tensor
    >>> hour, price = Tensor("string", (None,)), Tensor("float32", (None,))
    >>> signature = Signature({"user": hour, "hour": hour, "price": price}, {})
    >>> context_columns(signature, 2, {"hour": [9, "22"]}, single=False)
    {'hour': ['9', '22'], 'price': [nan, nan]}
    """
    return _columns(context_inputs(signature), rows, context, single, "context", "request")


def user_columns(signature, rows, user_features=None, single=True):
    """As `context_columns`, the features of the users, by the name of the input.

    What is not given, or missing, is that of the stored user.
    """
    inputs = user_inputs(signature)
    found = _columns(inputs, rows, user_features, single, "user_features", "user")
    return {OF_USER + name: column for name, column in found.items()}


def _columns(inputs, rows, given, single, argument, owner):
    given = {} if given is None else given
    if not hasattr(given, "items"):
        raise InputError(f"{argument} must be a dict of values by feature: got {given!r:.80}")
    for name, _ in given.items():
        if name not in inputs:
            known = ", ".join(sorted(inputs)) or "none"
            raise InputError(
                f"{argument}: the model reads no feature {name!r} of a {owner}; it reads {known}"
            )
    return {
        name: _column(
            f"{argument}: {name}", tensor, given[name] if name in given else None, rows, single
        )
        for name, tensor in inputs.items()
    }


def _column(name, tensor, value, rows, single):
    values = [value] * rows if single or not _is_list(value) else list(value)
    if len(values) != rows:
        raise InputError(f"{name}: expected a value for each of {rows} queries, got {len(values)}")
    read = READ.get((tensor.dtype, len(tensor.shape)))
    size = tensor.shape[-1] if tensor.shape else None
    if read is None or (read is _numbers and (size is None or size > MOST_NUMBERS)):
        raise InputError(f"{name}: the model reads it, and this client does not know its kind")
    found = [read(name, one, size) for one in values]
    if read is _texts:
        # As of all lists, see `columns`: the first value is padding.
        longest = max(map(len, found))
        found = [[""] * (1 + longest - len(one)) + one for one in found]
    return found


def _is_list(value):
    return hasattr(value, "__iter__") and not isinstance(value, str | bytes | Mapping)


def _is_missing(value):
    # NaN and NaT do not equal themselves; the comparison of pandas.NA has no truth.
    if value is None or type(value).__name__ == "NAType":
        return True
    return not value.strip() if isinstance(value, str) else bool(value != value)


def _text(name, value, _):
    if _is_list(value) or isinstance(value, bytes | Mapping):
        raise InputError(f"{name}: expected one text, got {value!r:.80}")
    if _is_missing(value):
        return value if isinstance(value, str) else ""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        whole = math.isfinite(value) and value == int(value)
        value = int(value) if whole else value
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name}: {text!r:.80} has an unpaired surrogate") from None
    return text


def _texts(name, value, _):
    values = list(value) if _is_list(value) else [value]
    return [text for one in values if (text := _text(name, one, _)).strip()]


def _number(name, value, _):
    if not _is_list(value) and _is_missing(value):
        return math.nan
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise InputError(f"{name}: expected a number, got {value!r:.80}")
    if not abs(value) < INFINITE:
        raise InputError(f"{name}: expected a finite number (in float32), got {value!r:.80}")
    # A decimal in JSON: a whole number may be too long for a float there.
    return float(value)


def _numbers(name, value, size):
    if not _is_list(value) and _is_missing(value):
        return [math.nan] * size
    if not _is_list(value) or len(value) != size or any(map(_is_missing, value)):
        raise InputError(f"{name}: expected a list of {size} numbers, got {value!r:.80}")
    return [_number(name, one, None) for one in value]


def _seconds(name, value, _):
    if not _is_list(value) and _is_missing(value):
        return 0
    return whole_number(value, f"{name}: a time", 0, LAST, "the year 5138 in seconds, ")


READ = {
    ("string", 1): _text,
    ("string", 2): _texts,
    ("float32", 1): _number,
    ("float32", 2): _numbers,
    ("int64", 1): _seconds,
}
