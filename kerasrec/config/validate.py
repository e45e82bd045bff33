"""Plain values into a `RunConfig`, or all that is wrong with them."""

import pydantic

from kerasrec.config.cutoffs import with_monitor
from kerasrec.config.nodes import RunConfig
from kerasrec.config.problems import problems


def validate(data):
    """The `RunConfig` of plain values, and pairs of a path of keys and what is wrong there.

    The config is None where a value is of the wrong kind; what it names is only looked up if not.
    """
    try:
        config = with_monitor(RunConfig.model_validate(data))
    except pydantic.ValidationError as error:
        return None, [(_keys(e, data), _message(e)) for e in error.errors()]
    return config, list(problems(config))


def _keys(error, data):
    """The path of keys of a pydantic error, without the names of union members."""
    keys, node = [], data
    for part in error["loc"]:
        if part == "[key]":
            continue
        if isinstance(node, dict) and part not in node and keys and error["type"] != "missing":
            continue
        keys.append(str(part))
        node = node.get(part) if isinstance(node, dict) else None
    if error["type"] == "unknown_key":
        keys.append(str(error["ctx"]["key"]))
    return tuple(keys)


def _message(error):
    if error["type"] == "missing":
        return "missing"
    if error["type"] in ("unknown_key", "source", "strategy", "name"):
        return error["msg"]
    return f"{error['msg'].removeprefix('Input ')}, got {error['input']!r}"
