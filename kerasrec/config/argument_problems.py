"""Checks the arguments of a class or function by its signature."""

import inspect
import math
import numbers

from kerasrec.config.nearest import nearest


def argument_problems(keys, target, arguments, supplied=frozenset(), name_of_target=None):
    """Problems with the names of the arguments of a class or function, by its signature.

    Args:
        keys: Path of keys of the arguments in the config.
        target: Class or function.
        arguments: Dict of a name -> value.
        supplied: Names of arguments that are not in the config, but passed by the program.
        name_of_target: For the messages; None for its own name.

    Returns:
        An iterator over pairs of a path of keys and a message.
    """
    name_of_target = name_of_target or target.__name__
    known = {
        name: parameter
        for name, parameter in inspect.signature(target).parameters.items()
        if name not in supplied
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    for name in arguments:
        if name not in known:
            yield (*keys, name), f"{name_of_target} has no argument {name}{nearest(name, known)}"
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in arguments:
            yield keys, f"{name_of_target} needs the argument {name}"


def type_problems(keys, target, arguments, signed=None):
    """Problems with values that are not of the type of their default.

    An argument whose default is None may have any type.

    Args:
        keys: Path of keys of the arguments in the config.
        target: Class or function.
        arguments: Dict of a name -> value; unknown names are skipped.
        signed: Whether a number may be negative where its default is not; None: not for a class or
            function of kerasrec.

    Returns:
        An iterator over pairs of a path of keys and a message.
    """
    parameters = inspect.signature(target).parameters
    if signed is None:
        signed = target.__module__.partition(".")[0] not in ("kerasrec", "kerasrec_zoo")
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
            yield (*keys, name), f"expected {expected}, got {value!r}"


def _is_like(value, default, signed):
    if isinstance(default, str):
        return isinstance(value, str)
    kind = numbers.Integral if isinstance(default, int) else numbers.Real
    if _is_bool(value) or not isinstance(value, kind):
        return False
    return math.isfinite(value) and (signed or default < 0 or value >= 0)


def _is_bool(value):
    return type(value).__name__ in ("bool", "bool_")
