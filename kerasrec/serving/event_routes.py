"""Routes of the events: `/v1/events` and `/v1/events/export`."""

import asyncio
import time

from starlette.responses import StreamingResponse
from starlette.routing import Route

from kerasrec.errors import InputError
from kerasrec.events.read_event import read_event
from kerasrec.events.store_error import StoreAway, StoreFull
from kerasrec.serving.content_encoding import decompress
from kerasrec.serving.event_export import MEDIA, export_stream
from kerasrec.serving.json_body import read_json
from kerasrec.serving.local_host import LOOPBACK
from kerasrec.serving.refusal import Refusal, invalid

MOST_EVENTS = 1000  # of a request
MOST_EXPORTS = 2  # at the same time
DIGITS = 18  # of a cursor
# Requests that wait for the store may take this part of the places for requests, so that a store
# that is away does not stop recommendations.
SHARE = 4
JSON = "application/json"


def event_routes(log, pool, limits, host, methods, answer):
    """Returns the Starlette routes of the events of an `EventLog`.

    * `POST /v1/events`: one event, or `{"events": [...]}`. 200 with the number of new ones and of
      duplicates, once all are durable.
    * `GET /v1/events`: what waits, what was stored, and the last error.
    * `GET /v1/events/export?after=CURSOR&format=ndjson|parquet`: the events behind a cursor. Only
      where the server listens on this machine alone, since events are personal data.

    Args:
        log: An `EventLog`.
        pool: An executor for blocking calls.
        limits: A `Limits`.
        host: The host that the server listens on.
        methods: The HTTP methods to answer.
        answer: Function from a value and a status to a response in JSON.
    """
    routes = _EventRoutes(log, pool, limits, host in LOOPBACK, answer)
    return [
        Route("/v1/events", routes.events, methods=methods),
        Route("/v1/events/export", routes.export, methods=methods),
    ]


class _EventRoutes:
    def __init__(self, log, pool, limits, is_local, answer):
        self._log, self._pool, self._limits = log, pool, limits
        self._is_local, self._answer = is_local, answer
        self._waiting = self._waiting_bytes = self._exports = 0

    async def events(self, request):
        if request.method == "POST":
            return await self._post(request)
        if request.method != "GET":
            return self._wrong_method(request, "GET, POST")
        self._check_local()
        return self._answer(self._log.status(), 200)

    async def export(self, request):
        if request.method != "GET":
            return self._wrong_method(request, "GET")
        self._check_local()
        form = request.query_params.get("format", "ndjson")
        after = request.query_params.get("after", "0")
        if form not in MEDIA:
            raise invalid(f"format: expected ndjson or parquet, got {form[:40]!r}.")
        if not (after.isascii() and after.isdecimal() and len(after) <= DIGITS):
            raise invalid(f"after: expected a cursor, a whole number, got {after[:40]!r}.")
        if self._exports >= MOST_EXPORTS:
            raise Refusal("UNAVAILABLE", f"{self._exports} exports run already: try again later.")
        stream = export_stream(self._log.store, form, int(after))
        run = asyncio.get_running_loop().run_in_executor
        # The first part is made before the status is sent, so that a store that is away is a 503.
        try:
            first = await run(self._pool, next, stream, None)
        except StoreAway as error:
            raise _away() from error
        return StreamingResponse(self._parts(first, stream), media_type=MEDIA[form])

    async def _parts(self, first, stream):
        # Counted from here on: an answer that never begins must not count forever.
        run = asyncio.get_running_loop().run_in_executor
        self._exports += 1
        try:
            while first is not None:
                yield first
                first = await run(self._pool, next, stream, None)
        finally:
            self._exports -= 1

    async def _post(self, request):
        start = time.monotonic()
        # A web page of another origin may send a form or plain text, but no JSON, without asking.
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            message = f"Content-Type {kind[:40]!r} is not supported: send {JSON}."
            raise Refusal("INVALID_ARGUMENT", message, 415)
        body = await request.body()
        self._check_room(len(body))
        coding = ",".join(request.headers.getlist("content-encoding"))
        self._waiting += 1
        self._waiting_bytes += len(body)
        try:
            return await self._store(body, coding, start)
        finally:
            self._waiting -= 1
            self._waiting_bytes -= len(body)

    async def _store(self, body, coding, start):
        run = asyncio.get_running_loop().run_in_executor
        events = await run(self._pool, self._read, body, coding)
        try:
            future = self._log.add(events)
            left = start + self._limits.timeout - time.monotonic()
            new = await asyncio.wait_for(asyncio.wrap_future(future), max(0.0, left))
        except StoreFull as error:
            message = "The store of events is full: nothing of this request is stored."
            raise Refusal("RESOURCE_EXHAUSTED", message, 507) from error
        except (StoreAway, asyncio.TimeoutError) as error:
            raise _away() from error
        return self._answer({"new": new, "duplicates": len(events) - new}, 200)

    def _read(self, body, coding):
        fields = read_json(decompress(body, coding, self._limits.body))
        many = isinstance(fields, dict) and "events" in fields
        events = fields["events"] if many else [fields]
        if many and (set(fields) != {"events"} or not isinstance(events, list)):
            raise invalid('Expected an event, or {"events": [...]} with a list of them.')
        if not 0 < len(events) <= MOST_EVENTS:
            raise invalid(f"Expected 1 to {MOST_EVENTS} events, got {len(events)}: split them.")
        found, now = [], time.time()
        for place, one in enumerate(events):
            try:
                found.append(read_event(one, now))
            except InputError as error:
                where = f"events[{place}]: " if many else ""
                raise invalid(f"{where}{error}. Nothing of this request is stored.") from error
        return found

    def _check_room(self, size):
        most, most_bytes = self._limits.waiting // SHARE, self._limits.waiting_bytes // SHARE
        if self._waiting and (self._waiting >= most or self._waiting_bytes + size > most_bytes):
            raise Refusal("UNAVAILABLE", f"{self._waiting} requests wait for the store already.")

    def _wrong_method(self, request, allowed):
        message = f"{request.scope['path']} takes {allowed}, not {request.method}."
        response = self._answer({"error": message}, 405)
        response.headers["Allow"] = allowed
        return response

    def _check_local(self):
        if not self._is_local:
            message = "Events are given on the loopback interface only; see `kerasrec events`."
            raise Refusal("PERMISSION_DENIED", message, 403)


def _away():
    return Refusal(
        "UNAVAILABLE",
        "The store of events is away, or too slow: send the events again. Their ids make sure that "
        "none is stored twice.",
    )
