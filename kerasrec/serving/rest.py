"""The REST interface of TF Serving, with the page and `/openapi.json`, as a Starlette app."""

import asyncio
import json
import re
import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from kerasrec.serving.event_routes import event_routes
from kerasrec.serving.impression_log import HEADER, request_id
from kerasrec.serving.item_routes import item_routes
from kerasrec.serving.local_host import LOOPBACK, LocalHost
from kerasrec.serving.model_json import model_metadata, model_status
from kerasrec.serving.openapi import openapi
from kerasrec.serving.page_routes import page_routes
from kerasrec.serving.predictor import Predictor
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_limiter import RequestLimiter

# tensorflow_serving/model_servers/http_rest_api_util.cc.
VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
PREDICT = re.compile(rf"/v1/models/(?P<name>[^/:]+){VERSION}:(?P<method>classify|regress|predict)")
STATUS = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{VERSION}(?:/(?P<metadata>metadata))?")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]


def rest_app(models, pool, limits, host, log=None, explorer=None, live=None):
    """Makes the ASGI app of a server.

    Args:
        models: A `Models`.
        pool: An executor for blocking calls.
        limits: A `Limits`.
        host: The host it listens on; on loopback, requests for other hosts are refused.
        log: An `EventLog`; None for a server without events.
        explorer: An `Explorer`; None to answer as the model ranks.
        live: The `Live` of a server with events.
    """
    rest = _Rest(models, pool, log, Predictor(models, limits, log, explorer, live))
    events = event_routes(log, pool, limits, host, METHODS, _json) if log else []
    if live:
        events += item_routes(live.items, pool, limits, METHODS, _json)
    middleware = [Middleware(RequestLimiter, limits=limits, refuse=_response)]
    if host in LOOPBACK:
        middleware.insert(0, Middleware(LocalHost, refuse=_response))
    return Starlette(
        routes=[
            *events,
            Route("/v1/{rest:path}", rest.v1, methods=METHODS),
            Route("/openapi.json", rest.openapi),
            *page_routes(models),
        ],
        middleware=middleware,
        exception_handlers={
            Refusal: _handle_refusal,
            HTTPException: _handle_http_exception,
            Exception: _handle_exception,
        },
    )


class _Rest:
    def __init__(self, models, pool, log, predictor):
        self._models, self._pool = models, pool
        self._log, self._predictor = log, predictor

    async def openapi(self, request):
        return _json(openapi(self._models, bool(self._log)))

    async def v1(self, request):
        # `request.url` depends on the Host header, `scope` does not.
        path, method = request.scope["path"], request.method
        predict, status = PREDICT.fullmatch(path), STATUS.fullmatch(path)
        if method == "POST" and predict:
            number = self._predictor.number(predict["version"], predict["label"])
            if predict["method"].lower() != "predict":
                raise invalid(f"An export of kerasrec answers :predict, not :{predict['method']}.")
            body, start = await request.body(), time.monotonic()
            run = asyncio.get_running_loop().run_in_executor
            coding = ",".join(request.headers.getlist("content-encoding"))
            id, headers = None, {}
            if self._predictor.identified:
                id = request_id(request.headers.get(HEADER))
                headers = {HEADER: id}
            arguments = (predict["name"], number, body, coding, start, id)
            text = await run(self._pool, self._predictor.predict, *arguments)
            return Response(text, headers=headers, media_type="application/json")
        if method == "GET" and status:
            if not status["name"]:
                raise invalid("Missing model name in request.")
            name = status["name"]
            number = self._predictor.number(status["version"], status["label"])
            if not status["metadata"]:
                return _json(model_status(self._models.versions(name, number)))
            with self._models.current(name, number) as version:
                return _json(model_metadata(name, version))
        # Message and status 400 as in TF Serving (http_rest_api_handler.cc).
        refusal = invalid(f"Malformed request: {method} {path}")
        allowed = {"POST": predict, "GET": status}
        if any(allowed.values()):
            refusal.http = 405
        response = _response(refusal)
        if refusal.http == 405:
            response.headers["Allow"] = ", ".join(name for name, fits in allowed.items() if fits)
        return response


def _json(value, status=200):
    return Response(json.dumps(value, indent=4), status, media_type="application/json")


def _response(refusal):
    return _json({"error": refusal.message}, refusal.http)


async def _handle_refusal(request, refusal):
    return _response(refusal)


async def _handle_http_exception(request, error):
    message = f"{error.detail}: {request.method} {request.scope['path']}"
    response = _json({"error": message}, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _handle_exception(request, error):
    # uvicorn logs the stack trace; the client does not get it.
    return _json({"error": "The server could not answer this request."}, 500)
