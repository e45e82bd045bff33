"""The JSON body of `:predict`, as arrays."""

import base64
import binascii
import json
import typing

import numpy as np

from kerasrec.serving.checked import find_signature
from kerasrec.serving.refusal import Refusal, invalid

ROW, COLUMN = "instances", "inputs"
RANGES = {"int32": (-(1 << 31), (1 << 31) - 1), "int64": (-(1 << 63), (1 << 63) - 1)}
KINDS = {bool: "Bool", int: "Number", float: "Number", str: "String", dict: "Object", list: "Array"}
PAD = "Lists of unequal length are refused: fill the shorter ones up, ids with ''."
SHOWN = 80


class PredictBody(typing.NamedTuple):
    """What a request asks: the name of a signature, its inputs as arrays, and rows or columns."""

    signature: str
    inputs: dict
    by_row: bool


def read_predict_body(body, signatures):
    """Reads the row format, `{"instances": [...]}`, or the column format, `{"inputs": {...}}`.

    Both want every input of the signature, as TF Serving's REST does: defaults are for gRPC alone.
    The rules, and where it makes sense the sentences, are those of
    tensorflow_serving/util/json_tensor.cc.

    Args:
        body: Bytes.
        signatures: Name -> `Signature` of the model asked.

    Returns:
        A `PredictBody`.

    Raises:
        Refusal: for what is no JSON, or does not fit the signature.

    >>> from kerasrec.savedmodel.c_loader import Signature, Tensor
    >>> user = Signature({"user": Tensor("user:0", "string", (None,))}, {})
    >>> body = b'{"instances": ["ann", {"b64": "Ym9i"}]}'
    >>> read_predict_body(body, {"serving_default": user}).inputs
    {'user': array([b'ann', b'bob'], dtype=object)}
    """
    asked = _parsed(body)
    name = asked.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"{_short(asked)} not formatted correctly. 'signature_name' must be a string."
        )
    try:
        name, signature = find_signature(signatures, name)
    except Refusal as error:
        # tensorflow_serving/model_servers/http_rest_api_handler.cc: GetInfoMap.
        there = error.message.partition(" not found.")[2].strip()
        raise invalid(
            f'Serving signature name: "{name}" not found in signature def. {there}'
        ) from error
    if ROW in asked and COLUMN in asked:
        raise invalid(f"Give only one of '{COLUMN}' and '{ROW}'.")
    if ROW in asked:
        return PredictBody(name, _rows(asked[ROW], signature.inputs), True)
    if COLUMN in asked:
        return PredictBody(name, _columns(asked[COLUMN], signature.inputs), False)
    raise invalid(f"Missing '{COLUMN}' or '{ROW}' key")


def _parsed(body):
    try:
        asked = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise invalid(f"JSON Parse error: {reason}") from error
    if not isinstance(asked, dict):
        raise invalid(f"JSON Value: {_short(asked)} Is not object")
    return asked


def _rows(rows, wanted):
    if not isinstance(rows, list):
        raise invalid(f"Expecting '{ROW}' to be an list/array")
    if not rows:
        raise invalid(f"No values in '{ROW}' array")
    named = _is_object(rows[0])
    if not named and len(wanted) > 1:
        raise invalid(
            f"{ROW} is a plain list, but expecting list of objects, as there are several inputs: "
            f"{', '.join(sorted(wanted))}"
        )
    columns = {name: [] for name in wanted}
    for number, row in enumerate(rows):
        if _is_object(row) != named:
            found, other = ("list", "object") if named else ("object", "value/list")
            raise invalid(f"Expecting {other} but got {found} at item {number} of input list")
        row = row if named else {next(iter(wanted)): row}
        if set(row) != set(wanted):
            raise invalid(
                f"Failed to process element: {number} of '{ROW}' list. Keys must be equal to: "
                f"{', '.join(sorted(wanted))}.{_defaults(set(wanted) - set(row), wanted, 1)}"
            )
        for name, value in row.items():
            columns[name].append(value)
    return {
        name: _array(name, column, wanted[name], by_row=True) for name, column in columns.items()
    }


def _columns(columns, wanted):
    if not _is_object(columns):
        if len(wanted) > 1:
            raise invalid(
                f"{COLUMN} is a plain value/list, but expecting an object, as there are several "
                f"inputs: {', '.join(sorted(wanted))}"
            )
        columns = {next(iter(wanted)): columns}
    for name in sorted(wanted):
        if name not in columns:
            said = _defaults(set(wanted) - set(columns), wanted, 0)
            raise invalid(f"Missing named input: {name} in '{COLUMN}' object.{said}")
    return {name: _array(name, columns[name], wanted[name]) for name in wanted}


def _defaults(missing, wanted, start):
    """What to send for inputs left out that have defaults."""
    said = []
    for name in sorted(missing):
        default = wanted[name].default
        if default is not None and default.ndim >= start:
            value = default[0] if start else default
            value = value.astype(str) if value.dtype.kind == "S" else value
            said.append(f'"{name}": {json.dumps(value.tolist())}')
    if not said:
        return ""
    return f" REST fills in no defaults, which are {', '.join(said)}."


def _is_object(value):
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value):
    return len(value) == 1 and isinstance(value.get("b64"), str)


def _array(name, value, wanted, by_row=False):
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    found = []
    _fill(name, value, 0, shape, wanted.dtype, found, by_row)
    dtype = object if wanted.dtype == "string" else wanted.dtype
    array = np.empty(len(found), dtype)
    with np.errstate(over="ignore"):  # beyond float32 is infinity, as for TF Serving
        array[:] = found
    return array.reshape(shape)


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
            f"{name}: JSON Value: {_short(value)} found at incorrect level: {level + 1}. "
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
                raise invalid(f"{name}: a string with half of a surrogate pair.") from error
        if kind is dict and _is_base64(value):
            try:
                return base64.b64decode(value["b64"], validate=True)
            except (binascii.Error, ValueError) as error:
                raise invalid(f"{name}: Unable to base64 decode {_short(value)}") from error
    elif dtype in RANGES:
        low, high = RANGES[dtype]
        if kind is int and low <= value <= high:
            return value
    elif dtype == "bool":
        if kind is bool:
            return value
    elif kind in (int, float):
        try:
            return float(value)
        except OverflowError:
            pass
    raise invalid(
        f"{name}: JSON Value: {_short(value)} Type: {KINDS.get(kind, 'Null')} is not of expected "
        f"type: {dtype}"
    )


def _short(value):
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
