"""Builds a model, and says which argument of a config it refuses."""

import inspect
import re

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError


def build_model(model_class, schema, arguments):
    """`model_class(schema, **arguments)`.

    Raises:
        InputError: for an argument that the class or one of its layers refuses. The message is one
            line and names the argument where its value or type tells which one it is.
    """
    try:
        return model_class(schema, **arguments)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError) and not isinstance(error.__cause__, ValueError):
            raise
        error = error.__cause__ or error
        reason = first_line(error)
        name = _refused_argument(model_class, arguments, reason)
        refused = f"{name}: {arguments[name]!r}" if name else arguments
        where = f"model.{name}" if name else "model"
        raise InputError(
            f"{where}: {model_class.__name__} does not take {refused}: {reason}"
        ) from error


def _refused_argument(model_class, arguments, reason):
    """The argument of another type than its default, or else whose value the reason quotes.

    None where no argument is, or several are.
    """
    parameters = inspect.signature(model_class).parameters
    defaults = {name: parameters[name].default for name in arguments if name in parameters}
    mistyped = [name for name, default in defaults.items() if _differ(arguments[name], default)]
    quoted = [
        name
        for name, value in arguments.items()
        for one in (value if isinstance(value, list) else [value])
        if re.search(rf"= ?{re.escape(str(one))}(?![\w.])", reason)
    ]
    for candidates in (mistyped, list(dict.fromkeys(quoted))):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _differ(value, default):
    """Whether a value is of another type than the default of its argument."""
    for kinds in ((tuple, list), (bool,), (int,), (float, int)):
        if isinstance(default, kinds[0]):
            return not isinstance(value, kinds) or isinstance(value, bool) != (kinds == (bool,))
    return False
