"""Reads the raw features of one item from JSON, for `embed_items`."""

import base64
import binascii
import math

import numpy as np

from kerasrec.serving.json_array import is_base64
from kerasrec.serving.refusal import invalid

INFINITE = 2**128 - 2**103  # in float32
SHOWN = 60


def item_features(fields, signature):
    """The inputs of `embed_items` for one item: name -> array of one row.

    A text or category is a string, categories are a list of strings, a number is a number, a vector
    a list of numbers, a time whole seconds since 1970, and a picture {"b64": ...}. null and a name
    that is not given are missing values.

    Args:
        fields: What `read_json` made of a body.
        signature: The `Signature` of `embed_items`.

    Raises:
        Refusal: for another feature, a value of another kind, or no feature at all.

    >>> from kerasrec.savedmodel.c_loader import Signature, TensorInfo
    >>> inputs = {"pages": TensorInfo("pages:0", "float32", (None,))}
    >>> item_features({"pages": 210}, Signature(inputs, {}))
    {'pages': array([210.], dtype=float32)}
    """
    known = {name: one for name, one in signature.inputs.items() if name != "item"}
    names = ", ".join(sorted(known))
    if not isinstance(fields, dict):
        raise invalid(f"Expected an object with the features of an item: {names}.")
    for name in fields:
        if name not in known:
            raise invalid(f"{name[:SHOWN]}: the model has no such feature; it has {names}.")
    given = {name: value for name, value in fields.items() if value is not None}
    if not given:
        raise invalid(f"A new item needs at least one feature of {names}: got none.")
    return {name: _array(name, one, given.get(name)) for name, one in known.items()}


def _array(name, tensor, value):
    shape, dtype = tensor.shape[1:], tensor.dtype
    if dtype == "string" and not shape:
        return _texts([b"" if value is None else _text(name, value)])
    if dtype == "string":
        values = [] if value is None else value
        if not isinstance(values, list):
            raise _wrong(name, "a list of texts", value)
        return _texts([_text(name, one) for one in values] or [b""])[None]
    if dtype.startswith("int"):
        if value is not None and (type(value) is not int or abs(value) >= 2**62):
            raise _wrong(name, "whole seconds since 1970", value)
        return np.array([value or 0], dtype)
    if not shape:
        return np.array([math.nan if value is None else _number(name, value)], dtype)
    (size,) = shape
    if value is None:
        return np.full((1, size), math.nan, dtype)
    if not isinstance(value, list) or len(value) != size:
        raise _wrong(name, f"a list of {size} numbers", value)
    return np.array([[_number(name, one) for one in value]], dtype)


def _texts(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _text(name, value):
    if isinstance(value, dict) and is_base64(value):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (ValueError, binascii.Error) as error:
            raise invalid(f"{name}: b64 is no base64.") from error
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{name}: the text has an unpaired surrogate.") from error


def _number(name, value):
    if type(value) not in (int, float) or not abs(value) < INFINITE:
        raise _wrong(name, "a finite number (in float32)", value)
    return float(value)


def _wrong(name, expected, value):
    return invalid(f"{name}: expected {expected}, got {repr(value)[:SHOWN]}.")
