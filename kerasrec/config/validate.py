"""Checks plain values and makes a `RunConfig` of them."""

import pydantic

from kerasrec.config.cutoffs import with_train_defaults
from kerasrec.config.problems import problems
from kerasrec.config.run_config import RunConfig


def validate(data):
    """The `RunConfig` of plain values, and its problems: pairs of a path of keys and a message.

    The config is None where a value has the wrong type; names are looked up only if none has.
    """
    try:
        config = with_train_defaults(RunConfig.model_validate(data))
    except pydantic.ValidationError as error:
        return None, type_errors(error, data)
    return config, list(problems(config))


def type_errors(error, data):
    """The problems of a pydantic error with plain values: pairs of a path of keys and a message."""
    return [(_keys(e, data), _message(e)) for e in error.errors()]


def _keys(error, data):
    """The path of keys of a pydantic error, without the names of union members."""
    keys, node = [], data
    for part in error["loc"]:
        if part == "[key]":
            continue
        if isinstance(node, dict) and part not in node and keys and error["type"] != "missing":
            continue
        keys.append(str(part))
        if isinstance(node, list) and isinstance(part, int):
            node = node[part]
        else:
            node = node.get(part) if isinstance(node, dict) else None
    if error["type"] == "unknown_key":
        keys.append(str(error["ctx"]["key"]))
    return tuple(keys)


def _message(error):
    if error["type"] == "missing":
        return "missing"
    if error["type"] in ("unknown_key", "source", "strategy", "name", "rule"):
        return error["msg"]
    return f"{error['msg'].removeprefix('Input ')}, got {error['input']!r}"
