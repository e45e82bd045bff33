"""A class by the dotted path that a file gives."""

import importlib
import inspect

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError


def import_class(dotted, safe, trust, permission):
    """The class of a dotted path, None where there is none.

    Args:
        dotted: Such as "kerasrec_zoo.Hybrid".
        safe: Beginnings of paths that anybody may name.
        trust: Whether other paths may be imported, which runs the code there.
        permission: How to give `trust`, for the message.

    Raises:
        InputError: for another path without trust, or a module that cannot be imported.
    """
    is_safe = dotted.startswith(safe)
    if not is_safe and not trust:
        inside = " or ".join(prefix.rstrip(".") for prefix in safe)
        raise InputError(
            f"{dotted} is not a class of {inside} and importing it runs its code: if you trust "
            f"where it comes from, {permission}"
        )
    # A private module may do more than define classes: importing `__main__` runs the command line.
    if is_safe and any(part.startswith("_") for part in dotted.split(".")):
        return None
    module, _, name = dotted.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except Exception as error:  # a module from outside may fail in any way
        raise InputError(f"{dotted} cannot be imported: {first_line(error)}") from error
    return found if inspect.isclass(found) else None
