"""The JSON body of `:predict`, as arrays."""

import json
import typing

from kerasrec.serving.checked import find_signature
from kerasrec.serving.json_array import claimed_shape, is_base64, json_array, short
from kerasrec.serving.json_body import read_json
from kerasrec.serving.predict_answer import plain_values
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import check_shapes

ROW, COLUMN = "instances", "inputs"


class PredictBody(typing.NamedTuple):
    """What a request asks: the name of a signature, its inputs as arrays, and rows or columns."""

    signature: str
    inputs: dict
    by_row: bool


def read_predict_body(body, signatures, limits):
    """Reads the row format, `{"instances": [...]}`, or the column format, `{"inputs": {...}}`.

    Both want every input of the signature, as TF Serving's REST does: defaults are for gRPC alone.
    The rules, and where it makes sense the sentences, are those of
    tensorflow_serving/util/json_tensor.cc.

    Args:
        body: Bytes.
        signatures: Name -> `Signature` of the model asked.
        limits: A `Limits`.

    Returns:
        A `PredictBody`.

    Raises:
        Refusal: for what is no JSON, or does not fit the signature or the limits.

    >>> from kerasrec.savedmodel.c_loader import Signature, Tensor
    >>> from kerasrec.serving.limits import Limits
    >>> user = Signature({"user": Tensor("user:0", "string", (None,))}, {})
    >>> body = b'{"instances": ["ann", {"b64": "Ym9i"}]}'
    >>> read_predict_body(body, {"serving_default": user}, Limits()).inputs
    {'user': array([b'ann', b'bob'], dtype=object)}
    """
    asked = _parsed(body, signatures, limits)
    name = asked.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(f"{short(asked)} not formatted correctly. 'signature_name' must be a string.")
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
    if ROW not in asked and COLUMN not in asked:
        raise invalid(f"Missing '{COLUMN}' or '{ROW}' key")
    by_row = ROW in asked
    columns = (_rows if by_row else _columns)(asked[ROW if by_row else COLUMN], signature.inputs)
    shapes = {key: claimed_shape(value) for key, value in columns.items()}
    check_shapes(name, signature, shapes, limits)
    inputs = {
        key: json_array(key, value, shapes[key], signature.inputs[key].dtype, by_row)
        for key, value in columns.items()
    }
    return PredictBody(name, inputs, by_row)


def _parsed(body, signatures, limits):
    # Before it is parsed, which nobody else can work beside: each row separates its inputs as well.
    inputs = max((len(signature.inputs) for signature in signatures.values()), default=0)
    most = limits.values + inputs * limits.rows
    if body.count(b",") > most:
        raise invalid(
            f"JSON Parse error: the body holds more than {most} commas, and a request at most "
            f"{limits.values} values. Split it."
        )
    asked = read_json(body)
    if not isinstance(asked, dict):
        raise invalid(f"JSON Value: {short(asked)} Is not object")
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
    return columns


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
    return {name: columns[name] for name in wanted}


def _defaults(missing, wanted, start):
    """What to send for inputs left out that have defaults."""
    said = []
    for name in sorted(missing):
        default = wanted[name].default
        if default is not None and default.ndim >= start and default.size:
            value = plain_values(default)
            said.append(f'"{name}": {json.dumps(value[0] if start else value)}')
    if not said:
        return ""
    return f" REST fills in no defaults, which are {', '.join(said)}."


def _is_object(value):
    return isinstance(value, dict) and not is_base64(value)
