"""Model classes by name, so that the library never imports the zoo."""

import importlib
import inspect

from kerasrec.config.import_class import import_class
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError

# What is made of other models stands in the library.
COMPOSED = ("Blend", "Reranked", "TwoStage")
TRUSTED = ("kerasrec.", "kerasrec_zoo.")
PERMISSION = (
    "give model.trust=true to kerasrec fit, compare and tune, --trust to other commands and "
    "trust=True in Python"
)


def find_model_class(name, trust=False):
    """A model class by its name in the zoo, or by dotted path; from outside only if trusted.

    Raises:
        InputError: if there is none, or it is outside kerasrec and `trust` is False.
    """
    package = "kerasrec.models" if name in COMPOSED else "kerasrec_zoo"
    dotted = name if "." in name else f"{package}.{name}"
    found = import_class(dotted, TRUSTED, trust, PERMISSION)
    # By its methods and not by its base class: the base is above this module.
    if found is None or not all(hasattr(found, method) for method in ("adapt", "recommend")):
        raise InputError(f"there is no model {name}{nearest(name, [*zoo_names(), *COMPOSED])}")
    return found


def zoo_names():
    """Names of the public classes of the zoo."""
    zoo = importlib.import_module("kerasrec_zoo")
    return sorted(name for name, value in vars(zoo).items() if inspect.isclass(value))
