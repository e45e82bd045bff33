"""What the server answers, as OpenAPI says it: `/openapi.json`."""

import numpy as np

import kerasrec
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
REFUSED = {
    "400": "what was asked does not fit",
    "404": "no such model or version",
    "405": "another method is meant",
    "408": "the request did not arrive in time",
    "413": "the body is too large",
    "415": "the body is packed with something else than gzip",
    "429": "the graph ran out of memory",
    "503": "too many requests wait already",
    "504": "the answer took too long",
}


def openapi(models):
    """An OpenAPI 3.1 document of the model that is served now.

    Lists of one input must be of one length, which a schema cannot say: so requests that fit it
    may still be refused with 400.

    Args:
        models: A `Models`.
    """
    paths = {}
    for name in models.names():
        with models.current(name) as version:
            signatures, number = version.signatures, version.number
        for place in (f"/v1/models/{name}", f"/v1/models/{name}/versions/{number}"):
            paths[place] = {"get": _operation("State of the versions")}
            paths[f"{place}/metadata"] = {"get": _operation("Signatures")}
            paths[f"{place}:predict"] = {"post": _predict(signatures)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "kerasrec serve", "version": kerasrec.__version__},
        "paths": paths,
    }


def _operation(summary):
    refused = {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    }
    answers = {"200": {"description": "the answer", "content": _content({"type": "object"})}}
    for code, description in REFUSED.items():
        answers[code] = {"description": description, "content": _content(refused)}
    return {"summary": summary, "responses": answers}


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
    """By name; a single input may stand without it."""
    named = {"type": "object", "properties": properties, "required": sorted(properties)}
    return {"anyOf": [named, *properties.values()]} if len(properties) == 1 else named


def _nested(tensor, depth):
    if depth <= 0:
        return JSON_TYPES.get(tensor.dtype, {})  # a type that no request can have
    return {"type": "array", "items": _nested(tensor, depth - 1)}


def _example(tensor):
    """One row: the default, or nothing of the shape."""
    if tensor.default is not None:
        return plain_values(tensor.default)
    shape = [size or 1 for size in tensor.shape or ()]
    if tensor.dtype == "string":
        return np.full(shape, "", object).tolist()
    return np.zeros(shape, tensor.dtype if tensor.dtype in JSON_TYPES else "int32").tolist()


def _content(schema):
    return {"application/json": {"schema": schema}}
