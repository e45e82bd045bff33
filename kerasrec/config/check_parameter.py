"""Checks the values of one key of `tune.parameters`."""

import json
import math

from pydantic_core import PydanticCustomError

from kerasrec.config.nearest import nearest

RANGE = ("low", "high", "log")


def check_parameter(choices):
    """Returns `choices`: a list of different values, or a range with `low`, `high` and maybe `log`.

    Raises:
        PydanticCustomError: for anything else.
    """
    if isinstance(choices, list):
        if not choices or len({json.dumps(one, default=str) for one in choices}) < len(choices):
            raise PydanticCustomError("parameter", "expected one or more values, all different")
        return choices
    if not isinstance(choices, dict):
        raise PydanticCustomError(
            "parameter", "expected a list of values, or a range with low and high"
        )
    for key in choices:
        if key not in RANGE:
            message = f"unknown key {key}{nearest(key, RANGE)}".replace("{", "{{")
            raise PydanticCustomError("unknown_key", message, {"key": key})
    low, high, log = (choices.get(key) for key in RANGE)
    if not (_is_number(low) and _is_number(high) and low < high):
        raise PydanticCustomError("parameter", "expected numbers, low below high")
    if not isinstance(log, bool | None) or (log and low <= 0):
        raise PydanticCustomError("parameter", "log: true or false; with true, low above 0")
    return choices


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)
