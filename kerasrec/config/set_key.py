"""A dotted key of a config, set: by the command line and by a search alike."""

from kerasrec.config.nodes import TrainNode
from kerasrec.errors import InputError

OPTIMIZER = ("train", "optimizer")


def set_key(data, keys, value):
    """Sets a value in the plain values of a config and makes the nodes it needs.

    An optimizer that is a name alone, or the default one, becomes a node with arguments.

    >>> data = {"train": {"optimizer": "adam"}}
    >>> set_key(data, ("train", "optimizer", "learning_rate"), 0.1)
    >>> data
    {'train': {'optimizer': {'class': 'adam', 'learning_rate': 0.1}}}

    Args:
        data: Dict, changed in place.
        keys: Path of keys.
        value: Plain value.

    Raises:
        InputError: where something on the way is a value and no node.
    """
    node = data
    for depth, name in enumerate(keys[:-1], start=1):
        if keys[:depth] == OPTIMIZER and not isinstance(node.get(name), dict):
            node[name] = {"class": node.get(name) or TrainNode.model_fields[name].default}
        if node.get(name) is None:
            node[name] = {}
        node = node[name]
        if not isinstance(node, dict):
            raise InputError(
                f"{'.'.join(keys[:depth])} is {node!r}, which has no key {keys[depth]}"
            )
    node[keys[-1]] = value
