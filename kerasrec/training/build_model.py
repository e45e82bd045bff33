"""A model from the arguments of a config."""

import inspect
import re

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError


def build_model(model_class, schema, arguments):
    """`model_class(schema, **arguments)`.

    Raises:
        InputError: for an argument that the class or one of its layers refuses, in one line. The
            argument is named where its value or type gives it away.
    """
    try:
        return model_class(schema, **arguments)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError) and not isinstance(error.__cause__, ValueError):
            raise
        error = error.__cause__ or error
        # A layer has refused a value: it was the config that gave it.
        said = first_line(error)
        name = _culprit(model_class, arguments, said)
        given = f"{name}: {arguments[name]!r}" if name else arguments
        where = f"model.{name}" if name else "model"
        raise InputError(
            f"{where}: {model_class.__name__} does not take {given}: {said}"
        ) from error


def _culprit(model_class, arguments, said):
    """The one argument of another type than its default, or else whose value the error quotes."""
    parameters = inspect.signature(model_class).parameters
    defaults = {name: parameters[name].default for name in arguments if name in parameters}
    odd = [name for name, default in defaults.items() if _differ(arguments[name], default)]
    quoted = [
        name
        for name, value in arguments.items()
        for one in (value if isinstance(value, list) else [value])
        if re.search(rf"= ?{re.escape(str(one))}(?![\w.])", said)
    ]
    for found in (odd, list(dict.fromkeys(quoted))):
        if len(found) == 1:
            return found[0]
    return None


def _differ(value, default):
    for kinds in ((tuple, list), (bool,), (int,), (float, int)):
        if isinstance(default, kinds[0]):
            return not isinstance(value, kinds) or isinstance(value, bool) != (kinds == (bool,))
    return False
