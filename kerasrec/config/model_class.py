"""Model classes by name, so that the library never imports the zoo."""

import importlib
import inspect

from kerasrec.config.first_line import first_line
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError

TRUSTED = ("kerasrec.", "kerasrec_zoo.")


def find_model_class(name, trust=False):
    """A model class by its name in the zoo, or by dotted path; from outside only if trusted.

    Raises:
        InputError: if there is none, or it is outside kerasrec and `trust` is False.
    """
    dotted = name if "." in name else f"kerasrec_zoo.{name}"
    if not dotted.startswith(TRUSTED) and not trust:
        raise InputError(
            f"{dotted} is not a kerasrec class and importing it runs its code: if you trust where "
            "it comes from, give model.trust=true to kerasrec fit, compare and tune, --trust to "
            "other commands and trust=True in Python"
        )
    module, _, attribute = dotted.rpartition(".")
    # Ours alone may be named by a stranger, and importing `__main__` runs the command line.
    if any(part.startswith("_") for part in dotted.split(".")) and dotted.startswith(TRUSTED):
        raise InputError(f"there is no model {name}{nearest(name, zoo_names())}")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:  # a module from outside may fail in any way
        raise InputError(f"{dotted} cannot be imported: {first_line(error)}") from error
    # By what it can do and not by its base class: the base is above this module.
    if inspect.isclass(found) and all(hasattr(found, what) for what in ("adapt", "recommend")):
        return found
    raise InputError(f"there is no model {name}{nearest(name, zoo_names())}")


def zoo_names():
    """Names of the public classes of the zoo."""
    zoo = importlib.import_module("kerasrec_zoo")
    return sorted(name for name, value in vars(zoo).items() if inspect.isclass(value))
