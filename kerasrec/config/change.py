"""A config with other values, for the trials of a search."""

from kerasrec.config.set_key import set_key
from kerasrec.config.validate import validate
from kerasrec.errors import InputError


def change(config, values):
    """The `RunConfig` with the values of dotted keys, such as `{"model.dim": 32}`, and checked.

    Raises:
        InputError: if it is no longer valid.
    """
    changed, problems = try_change(config, values)
    if problems:
        raise InputError("; ".join(f"{'.'.join(keys)}: {message}" for keys, message in problems))
    return changed


def try_change(config, values):
    """The changed config and its problems, as `validate` returns them."""
    data = config.model_dump(by_alias=True, exclude_unset=True)
    for key, value in values.items():
        keys = tuple(key.split("."))
        try:
            set_key(data, keys, value)
        except InputError as error:
            return None, [(keys, str(error))]
    return validate(data)
