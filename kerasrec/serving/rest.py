"""TF Serving's REST on Starlette, and the page beside it."""

import asyncio
import json
import re
import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.content_encoding import unpacked
from kerasrec.serving.gate import Gate
from kerasrec.serving.local_host import LOOPBACK, LocalHost
from kerasrec.serving.model_json import model_metadata, model_status
from kerasrec.serving.openapi import openapi
from kerasrec.serving.page_routes import page_routes
from kerasrec.serving.predict_answer import predict_answer
from kerasrec.serving.predict_body import read_predict_body
from kerasrec.serving.refusal import Refusal, invalid

# tensorflow_serving/model_servers/http_rest_api_util.cc.
WHICH = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
ASK = re.compile(rf"/v1/models/(?P<name>[^/:]+){WHICH}:(?P<method>classify|regress|predict)")
TELL = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{WHICH}(?:/(?P<what>metadata))?")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]


def rest_app(models, pool, limits, host):
    """The ASGI app of a server.

    Args:
        models: A `Models`.
        pool: An executor for what blocks.
        limits: A `Limits`.
        host: Where it is reached; on loopback, requests for any other host are refused.
    """
    rest = _Rest(models, pool, limits)
    middleware = [Middleware(Gate, limits=limits, refuse=_refused)]
    if host in LOOPBACK:
        middleware.insert(0, Middleware(LocalHost, refuse=_refused))
    return Starlette(
        routes=[
            Route("/v1/{rest:path}", rest.v1, methods=METHODS),
            Route("/openapi.json", rest.openapi),
            *page_routes(models),
        ],
        middleware=middleware,
        exception_handlers={Refusal: _refusing, HTTPException: _wrong, Exception: _failed},
    )


class _Rest:
    def __init__(self, models, pool, limits):
        self._models, self._pool, self._limits = models, pool, limits

    async def openapi(self, request):
        return _json(openapi(self._models))

    async def v1(self, request):
        # Not that of `request.url`, which is put together with what the Host header says.
        path, method = request.scope["path"], request.method
        asked, told = ASK.fullmatch(path), TELL.fullmatch(path)
        if method == "POST" and asked:
            version = _number(asked)
            if asked["method"].lower() != "predict":
                raise invalid(f"An export of kerasrec answers :predict, not :{asked['method']}.")
            body, start = await request.body(), time.monotonic()
            run = asyncio.get_running_loop().run_in_executor
            coding = ",".join(request.headers.getlist("content-encoding"))
            asking = (asked["name"], version, body, coding, start)
            text = await run(self._pool, self._predict, *asking)
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

    def _predict(self, name, version, body, coding, start):
        self._left(start)
        with self._models.current(name, version) as held:
            body = unpacked(body, coding, self._limits.body)
            asked = read_predict_body(body, held.signatures, self._limits)
            outputs = held.run(asked.signature, asked.inputs, self._left(start))
        return predict_answer(outputs, asked.by_row)

    def _left(self, start):
        left = start + self._limits.timeout - time.monotonic()
        if left <= 0:
            raise Refusal("DEADLINE_EXCEEDED", "The request waited too long for its turn.")
        return left


def _number(match):
    if match["label"]:
        # tensorflow_serving/model_servers/server_core.cc.
        raise invalid(f"Unrecognized servable version label: {match['label']}")
    if match["version"] is None:
        return None
    digits = match["version"]
    if not is_version(digits):
        raise invalid(f"Failed to convert version: {digits[:40]} to numeric.")
    return int(digits)


def _json(value, status=200):
    return Response(json.dumps(value, indent=4), status, media_type="application/json")


def _refused(refusal):
    return _json({"error": refusal.message}, refusal.http)


async def _refusing(request, refusal):
    return _refused(refusal)


async def _wrong(request, error):
    said = f"{error.detail}: {request.method} {request.scope['path']}"
    answer = _json({"error": said}, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _failed(request, error):
    # What went wrong is logged by uvicorn; whoever asked gets no stack trace.
    return _json({"error": "The server could not answer this request."}, 500)
