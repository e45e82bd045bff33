"""Finds misspelled hooks in a model class."""

import difflib

from kerasrec.errors import InputError

# Smallest `difflib` ratio of a misspelling; `attention_weights` is below it for every hook.
SIMILARITY = 0.8


def check_hooks(model_class, known):
    """Raises an `InputError` if a name of a class body is close to one of `known`.

    Args:
        model_class: A class; its own body is checked, not its bases.
        known: The names that a model may override.
    """
    inherited = {name for base in model_class.__mro__[1:] for name in vars(base)}
    own = [name for name in vars(model_class) if name not in inherited]
    _check(model_class, own, known, "overrides nothing")


def check_attributes(model, arguments, known):
    """Raises an `InputError` if an attribute set by a constructor is close to one of `known`.

    Args:
        model: The model; attributes that its class declares are not checked.
        arguments: Names of the constructor's arguments, which are not checked either.
        known: As for `check_hooks`.
    """
    own = [name for name in vars(model) if name not in arguments and not hasattr(type(model), name)]
    _check(type(model), own, known, "is never read")


def _check(model_class, names, known, problem):
    for name in names:
        close = difflib.get_close_matches(name, known, n=1, cutoff=SIMILARITY)
        if close and not name.startswith("_") and name not in known:
            raise InputError(
                f"{model_class.__name__}.{name} {problem}: did you mean {close[0]}? Choose "
                "another name, less like a hook of kerasrec.models.hooks"
            )
