"""Writes output arrays as the JSON of TF Serving's `:predict`."""

import base64
import json

from kerasrec.serving.refusal import invalid

BYTES = "_bytes"


def predict_answer(outputs, by_row):
    """Returns outputs as JSON: `{"predictions": [...]}` by row, else `{"outputs": {...}}`.

    As tensorflow_serving/util/json_tensor.cc: a single output has no name; strings are {"b64": ...}
    if the output's name ends with `_bytes`; non-finite numbers are NaN, Infinity and -Infinity,
    which strict JSON does not allow.

    Args:
        outputs: Name -> array.
        by_row: Whether the request was in row format.

    Raises:
        Refusal: in row format, if the outputs differ in their number of rows.

    >>> import numpy as np
    >>> outputs = {"score": np.float32([[0.1, -np.inf]]), "item": np.array([[b"x", b""]])}
    >>> predict_answer(outputs, by_row=True)
    '{"predictions": [{"item": ["x", ""], "score": [0.1, -Infinity]}]}'
    >>> predict_answer({"score": np.float32([2.0])}, by_row=False)
    '{"outputs": [2.0]}'
    """
    values = {
        name: plain_values(array, name.endswith(BYTES)) for name, array in sorted(outputs.items())
    }
    if not by_row:
        one = len(values) == 1
        return json.dumps({"outputs": next(iter(values.values())) if one else values})
    rows = {len(array) if array.ndim else None for array in outputs.values()}
    if len(rows) > 1 or None in rows:
        raise invalid("The outputs differ in their number of rows: use the column format.")
    if len(values) == 1:
        return json.dumps({"predictions": next(iter(values.values()))})
    columns = zip(*values.values(), strict=True)
    return json.dumps({"predictions": [dict(zip(values, row, strict=True)) for row in columns]})


def plain_values(array, as_bytes=False):
    """Converts an array to nested lists of JSON numbers and strings.

    Args:
        array: An array of numbers or bytes.
        as_bytes: Write strings as {"b64": ...}; else invalid UTF-8 in them is replaced.
    """
    if array.dtype == "float32":
        # The shortest decimal of the float32, instead of the longer one of the same float64.
        array = array.astype("U").astype("float64")
    return _text(array.tolist(), as_bytes) if array.dtype.kind in "SO" else array.tolist()


def _text(value, as_bytes):
    if isinstance(value, list):
        return [_text(one, as_bytes) for one in value]
    if as_bytes:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")
