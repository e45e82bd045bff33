"""A model class that misspells a hook is refused by name."""

import difflib

from kerasrec.errors import InputError

# Names of one's own, such as `attention_weights`, share less with any hook.
SIMILARITY = 0.8


def check_hooks(model_class, known):
    """Raises an `InputError` for a name of a class body that is nearly one of `known`.

    Args:
        model_class: A class; its own body is checked, not that of its bases.
        known: The names that a model may override.
    """
    inherited = {name for base in model_class.__mro__[1:] for name in vars(base)}
    own = [name for name in vars(model_class) if name not in inherited]
    _check(model_class, own, known, "overrides nothing")


def check_attributes(model, arguments, known):
    """The same for the attributes that a constructor has set.

    Args:
        model: The model; what its class declares is its own affair.
        arguments: Names of the constructor's arguments.
        known: As of `check_hooks`.
    """
    own = [name for name in vars(model) if name not in arguments and not hasattr(type(model), name)]
    _check(type(model), own, known, "is read by nothing")


def _check(model_class, names, known, problem):
    for name in names:
        close = difflib.get_close_matches(name, known, n=1, cutoff=SIMILARITY)
        if close and not name.startswith("_") and name not in known:
            raise InputError(
                f"{model_class.__name__}.{name} {problem}: did you mean {close[0]}? A name of "
                "your own must differ more from the hooks of kerasrec.models.hooks"
            )
