"""What one key of `tune.parameters` may hold."""

import json
import math

from pydantic_core import PydanticCustomError

from kerasrec.config.nearest import nearest

RANGE = ("low", "high", "log")


def check_parameter(given):
    """`given`, a list of different values or a range `{low, high}`, perhaps `log: true`.

    Raises:
        PydanticCustomError: for anything else.
    """
    if isinstance(given, list):
        if not given or len({json.dumps(one, default=str) for one in given}) < len(given):
            raise PydanticCustomError("parameter", "expected one or more values, all different")
        return given
    if not isinstance(given, dict):
        raise PydanticCustomError(
            "parameter", "expected a list of values, or a range with low and high"
        )
    for key in given:
        if key not in RANGE:
            message = f"unknown key {key}{nearest(key, RANGE)}".replace("{", "{{")
            raise PydanticCustomError("unknown_key", message, {"key": key})
    low, high, log = (given.get(key) for key in RANGE)
    if not (_is_number(low) and _is_number(high) and low < high):
        raise PydanticCustomError("parameter", "expected numbers, low below high")
    if not isinstance(log, bool | None) or (log and low <= 0):
        raise PydanticCustomError("parameter", "log: true or false; with true, low above 0")
    return given


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)
