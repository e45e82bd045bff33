"""A config with other values: the next trial of a search."""

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
        *path, last = key.split(".")
        node = data
        for depth, name in enumerate(path):
            if path[: depth + 1] == ["train", "optimizer"] and not isinstance(node.get(name), dict):
                # A name alone, and now it gets arguments.
                node[name] = {"class": node.get(name, config.train.optimizer)}
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                return None, [(tuple(path[: depth + 1]), f"{node!r} has no key {last}")]
        node[last] = value
    return validate(data)
