"""Sets a dotted key of a config, for the command line and for a search."""

from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError

OPTIMIZER = ("train", "optimizer")


def set_key(data, keys, value):
    """Sets a value in the plain values of a config, and makes missing nodes on the way.

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
        InputError: where a key on the way holds a value that is not a node.
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
