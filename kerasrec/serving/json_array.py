"""Converts nested JSON lists to an array, as tensorflow_serving/util/json_tensor.cc does."""

import base64
import binascii
import json

import numpy as np

from kerasrec.serving.refusal import invalid
from kerasrec.serving.request_size import MAX_DIMENSIONS

RANGES = {"int32": (-(1 << 31), (1 << 31) - 1), "int64": (-(1 << 63), (1 << 63) - 1)}
FLOATS = ("float32", "float64")
KINDS = {bool: "Bool", int: "Number", float: "Number", str: "String", dict: "Object", list: "Array"}
PAD = "Lists must have equal length: pad the shorter ones, ids with ''."
SHOWN = 80


def claimed_shape(value):
    """Returns the sizes of nested lists along their first elements; `json_array` checks the others.

    At most one dimension more than an array can have is returned.

    >>> claimed_shape([["a", "b"], 7])
    [2, 2]
    """
    shape = []
    while isinstance(value, list) and len(shape) <= MAX_DIMENSIONS:
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def json_array(name, value, shape, dtype, by_row):
    """Converts the JSON value of an input to an array.

    Args:
        name: Name of the input.
        value: Nested lists of strings, {"b64": ...}, numbers or booleans.
        shape: Its `claimed_shape`.
        dtype: "string", "float32", ...
        by_row: Whether the outer list is `instances`.

    Raises:
        Refusal: for lists of unequal length, or a value of another type.

    >>> json_array("user", ["ann", {"b64": "Ym9i"}], [2], "string", by_row=False)
    array([b'ann', b'bob'], dtype=object)
    """
    found = []
    _fill(name, value, 0, shape, dtype, found, by_row)
    array = np.empty(len(found), object if dtype == "string" else dtype)
    with np.errstate(over="ignore"):  # a float32 overflow is infinity, as in TF Serving
        array[:] = found
    return array.reshape(shape)


def is_base64(value):
    """Whether a JSON object represents bytes: {"b64": ...}."""
    return len(value) == 1 and isinstance(value.get("b64"), str)


def short(value):
    """Returns the beginning of a JSON value, for an error message."""
    try:
        text = json.dumps(value)
    except RecursionError:  # writing allows less nesting than reading
        return "nested too deeply"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _fill(name, value, level, shape, dtype, found, by_row):
    if isinstance(value, list):
        if level >= len(shape):
            raise invalid(
                f"{name}: Encountered list at unexpected level: {level} expected < {len(shape)}"
            )
        if len(value) != shape[level]:
            where = "between elements of 'instances'" if by_row and level == 1 else ""
            raise invalid(
                f"{name}: Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {shape[level]} {where}".rstrip()
                + f". {PAD}"
            )
        for one in value:
            _fill(name, one, level + 1, shape, dtype, found, by_row)
    elif level != len(shape):
        raise invalid(
            f"{name}: JSON Value: {short(value)} found at incorrect level: {level + 1}. "
            f"Expected at level: {len(shape)}"
        )
    else:
        found.append(_value(name, value, dtype))


def _value(name, value, dtype):
    kind = type(value)
    if dtype == "string":
        if kind is str:
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                raise invalid(f"{name}: a string with an unpaired surrogate.") from error
        if kind is dict and is_base64(value):
            try:
                return base64.b64decode(value["b64"], validate=True)
            except (binascii.Error, ValueError) as error:
                raise invalid(f"{name}: Unable to base64 decode {short(value)}") from error
    elif dtype in RANGES:
        low, high = RANGES[dtype]
        if kind is int and low <= value <= high:
            return value
    elif dtype == "bool":
        if kind is bool:
            return value
    elif dtype in FLOATS and kind in (int, float):
        try:
            return float(value)
        except OverflowError:
            pass
    raise invalid(
        f"{name}: JSON Value: {short(value)} Type: {KINDS.get(kind, 'Null')} is not of expected "
        f"type: {dtype}"
    )
