"""Routes of the items that are added and hidden: `/v1/items`."""

import asyncio

from starlette.routing import Route

from kerasrec.events.read_event import ID_LENGTH, STRANGE
from kerasrec.events.store_error import StoreAway, StoreFull
from kerasrec.serving.content_encoding import decompress
from kerasrec.serving.json_body import read_json
from kerasrec.serving.refusal import Refusal, invalid

MOST = 1000  # items of a page
JSON = "application/json"


def item_routes(items, pool, limits, methods, answer):
    """Returns the Starlette routes of a `LiveItems`.

    * `PUT /v1/items/ID` with an object of raw features: adds an item, or shows one again.
    * `DELETE /v1/items/ID`: stops showing an item.
    * `GET /v1/items?after=ID&limit=100`: the new and the hidden items, in the order of their ids.

    Args:
        items: A `LiveItems`.
        pool: An executor for blocking calls.
        limits: A `Limits`.
        methods: The HTTP methods to answer.
        answer: Function from a value and a status to a response in JSON.
    """
    routes = _ItemRoutes(items, pool, limits, answer)
    return [
        Route("/v1/items", routes.page, methods=methods),
        Route("/v1/items/{item:path}", routes.item, methods=methods),
    ]


class _ItemRoutes:
    def __init__(self, items, pool, limits, answer):
        self._items, self._pool, self._limits, self._answer = items, pool, limits, answer

    async def page(self, request):
        if request.method != "GET":
            return self._wrong_method(request, "GET")
        after, limit = request.query_params.get("after", ""), request.query_params.get("limit")
        limit = "100" if limit is None else limit
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST):
            raise invalid(f"limit: expected a number from 1 to {MOST}, got {limit[:40]!r}.")
        if len(after) > ID_LENGTH or STRANGE.search(after):
            raise invalid("after: expected the id of an item.")
        return await self._run(self._items.page, after, int(limit))

    async def item(self, request):
        if request.method not in ("PUT", "DELETE"):
            return self._wrong_method(request, "DELETE, PUT")
        item = request.path_params["item"]
        if not 0 < len(item) <= ID_LENGTH:
            raise invalid(f"An id of an item has 1 to {ID_LENGTH} characters, got {len(item)}.")
        if STRANGE.search(item) or item != item.strip():
            raise invalid("An id of an item has no control characters and no space at its ends.")
        if request.method == "DELETE":
            return await self._run(self._items.delete, item)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            message = f"Content-Type {kind[:40]!r} is not supported: send {JSON}."
            raise Refusal("INVALID_ARGUMENT", message, 415)
        body, coding = await request.body(), ",".join(request.headers.getlist("content-encoding"))
        return await self._run(self._put, item, body, coding)

    def _put(self, item, body, coding):
        return self._items.put(item, read_json(decompress(body, coding, self._limits.body)))

    async def _run(self, function, *arguments):
        try:
            run = asyncio.get_running_loop().run_in_executor
            return self._answer(await run(self._pool, function, *arguments), 200)
        except StoreFull as error:
            message = "The store of events is full: nothing has changed."
            raise Refusal("RESOURCE_EXHAUSTED", message, 507) from error
        except StoreAway as error:
            message = "The store of events is away, or too slow: send it again."
            raise Refusal("UNAVAILABLE", message) from error

    def _wrong_method(self, request, allowed):
        message = f"{request.scope['path']} takes {allowed}, not {request.method}."
        response = self._answer({"error": message}, 405)
        response.headers["Allow"] = allowed
        return response
