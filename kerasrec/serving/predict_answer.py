"""Arrays as the JSON that TF Serving answers `:predict` with."""

import base64
import json

from kerasrec.serving.refusal import invalid

BYTES = "_bytes"


def predict_answer(outputs, by_row):
    """JSON of a request's outputs: `{"predictions": [...]}` by row, else `{"outputs": {...}}`.

    As tensorflow_serving/util/json_tensor.cc writes it: a single output stands without its name,
    strings are {"b64": ...} where the output's name ends with `_bytes`, and numbers that are none
    are NaN, Infinity and -Infinity, which is no JSON in the strict sense.

    Args:
        outputs: Name -> array.
        by_row: Whether the request was in row format.

    Raises:
        Refusal: if rows are wanted and the outputs do not have the same number of them.

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
        raise invalid("The outputs have no common number of rows: ask in column format.")
    if len(values) == 1:
        return json.dumps({"predictions": next(iter(values.values()))})
    columns = zip(*values.values(), strict=True)
    return json.dumps({"predictions": [dict(zip(values, row, strict=True)) for row in columns]})


def plain_values(array, as_bytes=False):
    """The values of an array as JSON has them: nested lists of numbers and text.

    Args:
        array: Of numbers or bytes.
        as_bytes: Strings become {"b64": ...}; else what is no UTF-8 in them is replaced.
    """
    if array.dtype == "float32":
        # The shortest digits that mean the same float32, not those of the float64 beside it.
        array = array.astype("U").astype("float64")
    return _text(array.tolist(), as_bytes) if array.dtype.kind in "SO" else array.tolist()


def _text(value, as_bytes):
    if isinstance(value, list):
        return [_text(one, as_bytes) for one in value]
    if as_bytes:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")
