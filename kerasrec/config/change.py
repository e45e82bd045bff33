"""A config with other values: the next trial of a search."""

from kerasrec.config.set_key import set_key
from kerasrec.config.validate import validate
from kerasrec.errors import InputError


def change(config, values):
    """The `RunConfig` with the values of dotted keys, such as `{"model.dim": 32}`, and checked.

    Raises:
        InputError: if it is no longer valid.
    """
    changed, found = try_change(config, values)
    if found:
        raise InputError("; ".join(f"{'.'.join(keys)}: {message}" for keys, message in found))
    return changed


def try_change(config, values):
    """As `validate`: the changed config and what is wrong with it."""
    data = config.model_dump(by_alias=True, exclude_unset=True)
    for key, value in values.items():
        keys = tuple(key.split("."))
        try:
            set_key(data, keys, value)
        except InputError as error:
            return None, [(keys, str(error))]
    return validate(data)
