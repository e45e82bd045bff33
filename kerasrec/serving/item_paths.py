"""The paths of the new and hidden items in the OpenAPI document."""

from kerasrec.serving.event_paths import ID
from kerasrec.serving.item_routes import MOST


def item_paths(operation):
    """Returns the paths, by URL.

    Args:
        operation: Function from a summary to an operation of OpenAPI.
    """
    page = operation("The new and the hidden items, in the order of their ids")
    page["parameters"] = [
        {"name": "after", "in": "query", "schema": ID},
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
        },
    ]
    item = [{"name": "item", "in": "path", "required": True, "schema": ID}]
    put = operation("Adds an item with its raw features, or shows one again")
    example = {"value": {"title": "A title"}}
    content = {"schema": {"type": "object"}, "examples": {"one": example}}
    put["requestBody"] = {"required": True, "content": {"application/json": content}}
    put["responses"]["409"] = {**put["responses"]["400"], "description": "no item can be added"}
    delete = operation("Stops showing an item")
    return {
        "/v1/items": {"get": page},
        "/v1/items/{item}": {
            "put": {**put, "parameters": item},
            "delete": {**delete, "parameters": item},
        },
    }
