"""The OpenAPI document of the server, `/openapi.json`."""

import numpy as np

import kerasrec
from kerasrec.serving.event_paths import event_paths
from kerasrec.serving.item_paths import item_paths
from kerasrec.serving.predict_answer import plain_values

JSON_TYPES = {
    "string": {
        "oneOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
                "required": ["b64"],
                "additionalProperties": False,
            },
        ]
    },
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "minimum": -(1 << 31), "maximum": (1 << 31) - 1},
    "int64": {"type": "integer", "minimum": -(1 << 63), "maximum": (1 << 63) - 1},
    "float32": {"type": "number"},
    "float64": {"type": "number"},
}
ERRORS = {
    "400": "the request does not fit the model",
    "404": "no such model or version",
    "405": "another HTTP method is required",
    "408": "the request did not arrive in time",
    "413": "the body is too large",
    "415": "the body has another encoding than gzip",
    "429": "the graph ran out of memory",
    "503": "too many requests wait already",
    "504": "the answer took too long",
    "507": "the store of events is full, or too many items are new or hidden",
}


def openapi(models, events=False):
    """Returns an OpenAPI 3.1 document of the served model.

    The lists of one input must have equal length, which a schema cannot express. So a request that
    fits the schema may still be refused with 400.

    Args:
        models: A `Models`.
        events: Whether the server takes events.
    """
    paths = event_paths(_operation) | item_paths(_operation) if events else {}
    for name in models.names():
        with models.current(name) as version:
            signatures, number = version.signatures, version.number
        for path in (f"/v1/models/{name}", f"/v1/models/{name}/versions/{number}"):
            paths[path] = {"get": _operation("State of the versions")}
            paths[f"{path}/metadata"] = {"get": _operation("Signatures")}
            paths[f"{path}:predict"] = {"post": _predict(signatures)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "kerasrec serve", "version": kerasrec.__version__},
        "paths": paths,
    }


def _operation(summary):
    error = {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    }
    responses = {"200": {"description": "the answer", "content": _content({"type": "object"})}}
    for code, description in ERRORS.items():
        responses[code] = {"description": description, "content": _content(error)}
    return {"summary": summary, "responses": responses}


def _predict(signatures):
    bodies, examples = [], {}
    for name, signature in sorted(signatures.items()):
        inputs = signature.inputs
        named = {key: _nested(tensor, len(tensor.shape or ())) for key, tensor in inputs.items()}
        row = {key: _nested(tensor, len(tensor.shape or ()) - 1) for key, tensor in inputs.items()}
        rows = {"type": "array", "items": _inputs(row), "minItems": 1}
        for key, format in (("inputs", _inputs(named)), ("instances", rows)):
            body = {
                "type": "object",
                "properties": {"signature_name": {"const": name}, key: format},
                "required": [key] if name == "serving_default" else ["signature_name", key],
            }
            bodies.append(body)
        value = {key: _example(tensor) for key, tensor in sorted(inputs.items())}
        examples[name] = {"value": {"signature_name": name, "inputs": value}}
    operation = _operation("The outputs of a signature")
    content = {"application/json": {"schema": {"anyOf": bodies}, "examples": examples}}
    operation["requestBody"] = {"required": True, "content": content}
    return operation


def _inputs(properties):
    """Schema of the inputs: an object by name, or the value alone for a single input."""
    named = {"type": "object", "properties": properties, "required": sorted(properties)}
    return {"anyOf": [named, *properties.values()]} if len(properties) == 1 else named


def _nested(tensor, depth):
    if depth <= 0:
        return JSON_TYPES.get(tensor.dtype, {})  # {} for a type that JSON cannot represent
    return {"type": "array", "items": _nested(tensor, depth - 1)}


def _example(tensor):
    """An example of one row: the default, or empty values of the shape."""
    if tensor.default is not None:
        default = tensor.default
        if default.dtype.kind == "f":  # NaN, a missing number, is no JSON
            default = np.nan_to_num(default)
        return plain_values(default)
    shape = [size or 1 for size in tensor.shape or ()]
    if tensor.dtype == "string":
        return np.full(shape, "", object).tolist()
    return np.zeros(shape, tensor.dtype if tensor.dtype in JSON_TYPES else "int32").tolist()


def _content(schema):
    return {"application/json": {"schema": schema}}
