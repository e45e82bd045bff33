"""Reads the JSON body of `:predict` into arrays."""

import json
import typing

from kerasrec.serving.check_inputs import find_signature
from kerasrec.serving.json_array import claimed_shape, is_base64, json_array, short
from kerasrec.serving.json_body import read_json
from kerasrec.serving.predict_answer import plain_values
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import check_shapes

ROW, COLUMN = "instances", "inputs"


class PredictBody(typing.NamedTuple):
    """A decoded request: name of the signature, input arrays, and whether the format is by row."""

    signature: str
    inputs: dict
    by_row: bool


def read_predict_body(body, signatures, limits):
    """Reads the row format, `{"instances": [...]}`, or the column format, `{"inputs": {...}}`.

    Both formats need every input of the signature, as in TF Serving, whose REST fills in no
    defaults. Rules and most messages follow tensorflow_serving/util/json_tensor.cc.

    Args:
        body: Bytes.
        signatures: Name -> `Signature` of the model.
        limits: A `Limits`.

    Returns:
        A `PredictBody`.

    Raises:
        Refusal: for invalid JSON, or values that do not fit the signature or the limits.

    >>> from kerasrec.savedmodel.c_loader import Signature, TensorInfo
    >>> from kerasrec.serving.limits import Limits
    >>> user = Signature({"user": TensorInfo("user:0", "string", (None,))}, {})
    >>> body = b'{"instances": ["ann", {"b64": "Ym9i"}]}'
    >>> read_predict_body(body, {"serving_default": user}, Limits()).inputs
    {'user': array([b'ann', b'bob'], dtype=object)}
    """
    fields = _parse(body, signatures, limits)
    name = fields.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"{short(fields)} not formatted correctly. 'signature_name' must be a string."
        )
    try:
        name, signature = find_signature(signatures, name)
    except Refusal as error:
        # tensorflow_serving/model_servers/http_rest_api_handler.cc: GetInfoMap.
        choices = error.message.partition(" not found.")[2].strip()
        raise invalid(
            f'Serving signature name: "{name}" not found in signature def. {choices}'
        ) from error
    if ROW in fields and COLUMN in fields:
        raise invalid(f"Give only one of '{COLUMN}' and '{ROW}'.")
    if ROW not in fields and COLUMN not in fields:
        raise invalid(f"Missing '{COLUMN}' or '{ROW}' key")
    by_row = ROW in fields
    if by_row:
        columns = _columns_of_rows(fields[ROW], signature.inputs)
    else:
        columns = _check_columns(fields[COLUMN], signature.inputs)
    shapes = {key: claimed_shape(value) for key, value in columns.items()}
    check_shapes(name, signature, shapes, limits)
    inputs = {
        key: json_array(key, value, shapes[key], signature.inputs[key].dtype, by_row)
        for key, value in columns.items()
    }
    return PredictBody(name, inputs, by_row)


def _parse(body, signatures, limits):
    # Count commas first, since parsing holds the interpreter lock. In row format commas also
    # separate the inputs of each row.
    inputs = max((len(signature.inputs) for signature in signatures.values()), default=0)
    most = limits.values + inputs * limits.rows
    if body.count(b",") > most:
        raise invalid(
            f"JSON Parse error: the body holds more than {most} commas, and a request at most "
            f"{limits.values} values. Split it."
        )
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise invalid(f"JSON Value: {short(fields)} Is not object")
    return fields


def _columns_of_rows(rows, wanted):
    """Converts the row format to a dict of input to a list of values."""
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
    return columns


def _check_columns(columns, wanted):
    """Checks the column format; a single input may have no name."""
    if not _is_object(columns):
        if len(wanted) > 1:
            raise invalid(
                f"{COLUMN} is a plain value/list, but expecting an object, as there are several "
                f"inputs: {', '.join(sorted(wanted))}"
            )
        columns = {next(iter(wanted)): columns}
    for name in sorted(wanted):
        if name not in columns:
            advice = _defaults(set(wanted) - set(columns), wanted, 0)
            raise invalid(f"Missing named input: {name} in '{COLUMN}' object.{advice}")
    return {name: columns[name] for name in wanted}


def _defaults(missing, wanted, start):
    """A sentence with the defaults of the missing inputs, to be sent by the client."""
    defaults = []
    for name in sorted(missing):
        default = wanted[name].default
        if default is not None and default.ndim >= start and default.size:
            value = plain_values(default)
            defaults.append(f'"{name}": {json.dumps(value[0] if start else value)}')
    if not defaults:
        return ""
    return f" REST fills in no defaults; send {', '.join(defaults)}."


def _is_object(value):
    return isinstance(value, dict) and not is_base64(value)
