"""TF Serving's REST on Starlette, and the page beside it."""

import asyncio
import json
import re
import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.routing import Route

from kerasrec.serving.gate import Gate
from kerasrec.serving.model_json import model_metadata, model_status
from kerasrec.serving.openapi import openapi
from kerasrec.serving.page_routes import page_routes
from kerasrec.serving.predict_answer import predict_answer
from kerasrec.serving.predict_body import read_predict_body
from kerasrec.serving.refusal import Refusal, invalid

# tensorflow_serving/model_servers/http_rest_api_util.cc.
WHICH = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
ASK = re.compile(rf"/v1/models/(?P<name>[^/:]+){WHICH}:(?P<method>classify|regress|predict)")
TELL = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{WHICH}(?:/(?P<what>metadata))?")
LARGEST = (1 << 63) - 1
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def rest_app(models, pool, limits, host):
    """The ASGI app of a server.

    Args:
        models: A `Models`.
        pool: An executor for what blocks.
        limits: A `Limits`.
        host: Where it is reached; on loopback, requests for any other host are refused, so that a
            web page elsewhere cannot ask through a browser here under a name of its own.
    """
    rest = _Rest(models, pool, limits)
    middleware = [Middleware(Gate, limits=limits, refuse=_refused)]
    if host in LOOPBACK:
        # Releases of Starlette differ in what they take for the host of "[::1]:8501".
        allowed = [*LOOPBACK, "[::1]", "["]
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=allowed))
    return Starlette(
        routes=[
            Route("/v1/{rest:path}", rest.v1, methods=METHODS),
            Route("/openapi.json", rest.openapi),
            *page_routes(models),
        ],
        middleware=middleware,
        exception_handlers={HTTPException: _wrong, Exception: _failed},
    )


class _Rest:
    def __init__(self, models, pool, limits):
        self._models, self._pool, self._limits = models, pool, limits

    async def v1(self, request):
        try:
            return await self._answered(request)
        except Refusal as refusal:
            return _refused(refusal)

    async def openapi(self, request):
        return _json(openapi(self._models))

    async def _answered(self, request):
        path, method = request.url.path, request.method
        asked, told = ASK.fullmatch(path), TELL.fullmatch(path)
        if method == "POST" and asked:
            version = _number(asked)
            if asked["method"].lower() != "predict":
                raise invalid(f"An export of kerasrec answers :predict, not :{asked['method']}.")
            body, start = await request.body(), time.monotonic()
            run = asyncio.get_running_loop().run_in_executor
            text = await run(self._pool, self._predict, asked["name"], version, body, start)
            return Response(text, media_type="application/json")
        if method == "GET" and told:
            if not told["name"]:
                raise invalid("Missing model name in request.")
            name, version = told["name"], _number(told)
            if not told["what"]:
                return _json(model_status(self._models.versions(name, version)))
            with self._models.current(name, version) as held:
                return _json(model_metadata(name, held))
        # TF Serving answers 400 here (http_rest_api_handler.cc); the sentence is its own.
        refusal = invalid(f"Malformed request: {method} {path}")
        allowed = {"POST": asked, "GET": told}
        if any(allowed.values()):
            refusal.http = 405
        answer = _refused(refusal)
        if refusal.http == 405:
            answer.headers["Allow"] = ", ".join(name for name, fits in allowed.items() if fits)
        return answer

    def _predict(self, name, version, body, start):
        left = start + self._limits.timeout - time.monotonic()
        if left <= 0:
            raise Refusal("DEADLINE_EXCEEDED", "The request waited too long for its turn.")
        with self._models.current(name, version) as held:
            asked = read_predict_body(body, held.signatures)
            outputs = held.run(asked.signature, asked.inputs, timeout=left)
        return predict_answer(outputs, asked.by_row)


def _number(match):
    if match["label"]:
        # tensorflow_serving/model_servers/server_core.cc.
        raise invalid(f"Unrecognized servable version label: {match['label']}")
    if match["version"] is None:
        return None
    digits = match["version"]
    if len(digits) > 19 or int(digits) > LARGEST:
        raise invalid(f"Failed to convert version: {digits[:40]} to numeric.")
    return int(digits)


def _json(value, status=200):
    return Response(json.dumps(value, indent=4), status, media_type="application/json")


def _refused(refusal):
    return _json({"error": refusal.message}, refusal.http)


async def _wrong(request, error):
    return _json(
        {"error": f"{error.detail}: {request.method} {request.url.path}"}, error.status_code
    )


async def _failed(request, error):
    # What went wrong is logged by uvicorn; whoever asked gets no stack trace.
    return _json({"error": "The server could not answer this request."}, 500)
