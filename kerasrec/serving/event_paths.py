"""The paths of the events in the OpenAPI document."""

from kerasrec.events.read_event import (
    ID_LENGTH,
    MOST_FEATURES,
    MOST_ITEMS,
    MOST_POSITION,
    MOST_VALUES,
    NAME_LENGTH,
    TEXT_LENGTH,
)

# Without control characters, and not blank.
STRANGE = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
PATTERN = f"^[^{STRANGE}]*[!-~][^{STRANGE}]*$"
ID = {"type": "string", "minLength": 1, "maxLength": ID_LENGTH, "pattern": PATTERN}
NAME = {**ID, "maxLength": NAME_LENGTH}
FEATURE = {
    "oneOf": [
        {"type": "string", "maxLength": TEXT_LENGTH, "pattern": "^[^\\u0000]*$"},
        {"type": "number", "minimum": -3e38, "maximum": 3e38},
    ]
}


def event_paths(operation):
    """Returns the paths, by URL.

    Args:
        operation: Function from a summary to an operation of OpenAPI.
    """
    post = operation("Stores events, each id once; answers when they are durable")
    many = {
        "type": "object",
        "properties": {"events": {"type": "array", "items": _event(), "minItems": 1}},
        "required": ["events"],
        "additionalProperties": False,
    }
    example = {"kind": "interaction", "id": "e-1", "user": "u", "item": "a", "behavior": "click"}
    content = {"schema": {"anyOf": [many, _event()]}, "examples": {"one": {"value": example}}}
    post["requestBody"] = {"required": True, "content": {"application/json": content}}
    export = operation("The events behind a cursor, as a stream")
    export["responses"]["200"]["content"] = {
        "application/x-ndjson": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    }
    export["parameters"] = [
        {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0}},
        {"name": "format", "in": "query", "schema": {"enum": ["ndjson", "parquet"]}},
    ]
    return {
        "/v1/events": {"post": post, "get": operation("What waits and what was stored")},
        "/v1/events/export": {"get": export},
    }


def _event():
    both = {name: ID for name in ("id", "user", "session", "request")}
    both |= {"time": {"type": "number", "minimum": 0, "description": "seconds since 1970"}}
    items = {"type": "array", "items": ID, "minItems": 1, "maxItems": MOST_ITEMS}
    position = {"type": "integer", "minimum": 1, "maximum": MOST_POSITION}
    propensity = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    feature = {"anyOf": [FEATURE, {"type": "array", "items": FEATURE, "maxItems": MOST_VALUES}]}
    impression = {
        "kind": {"const": "impression"},
        **both,
        "items": {**items, "uniqueItems": True},
        "positions": {"type": "array", "items": position},
        "propensities": {"type": "array", "items": propensity},
        "version": NAME,
        "context": {
            "type": "object",
            "propertyNames": NAME,
            "additionalProperties": feature,
            "maxProperties": MOST_FEATURES,
        },
    }
    value = {"type": "number", "minimum": -3e38, "maximum": 3e38}
    interaction = {"kind": {"const": "interaction"}, **both, "item": ID, "behavior": NAME}
    interaction["value"] = value
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": properties,
                "required": ["kind", "id", needed],
                "additionalProperties": False,
            }
            for properties, needed in ((impression, "items"), (interaction, "item"))
        ]
    }
