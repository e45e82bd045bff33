"""Values that are not of the type of their argument's default, found without calling anything."""

import inspect
import math
import numbers


def type_problems(taken_by, arguments, signed=True):
    """Pairs of a name and what is wrong with its value.

    What None or a word stands for may be of any type.

    Args:
        taken_by: A class or function with defaults.
        arguments: Values by name; a name that it does not have is left to others.
        signed: Whether a number may be negative where its default is not.
    """
    parameters = inspect.signature(taken_by).parameters
    for name, value in arguments.items():
        default = parameters[name].default if name in parameters else None
        if isinstance(default, (tuple, list)):
            fits = isinstance(value, (tuple, list)) and all(
                _is_like(one, default[0], signed) for one in value if default
            )
            expected = f"a list such as {list(default)}"
        elif isinstance(default, bool):
            fits, expected = _is_bool(value), "true or false"
        elif isinstance(default, (int, float)):
            fits = _is_like(value, default, signed)
            kind = "whole number" if isinstance(default, int) else "number"
            least = "" if signed or default < 0 else " of at least 0"
            expected = f"a {kind}{least}, such as {default}"
        else:
            continue
        if not fits:
            yield name, f"expected {expected}, got {value!r}"


def _is_like(value, default, signed):
    if isinstance(default, str):
        return isinstance(value, str)
    kind = numbers.Integral if isinstance(default, int) else numbers.Real
    if _is_bool(value) or not isinstance(value, kind):
        return False
    return math.isfinite(value) and (signed or default < 0 or value >= 0)


def _is_bool(value):
    return type(value).__name__ in ("bool", "bool_")
