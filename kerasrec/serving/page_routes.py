"""Routes of the web page at `/`, where a person can try a served model."""

import json
import pathlib

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from kerasrec.serving.json_body import read_json
from kerasrec.serving.page_export import PageExports
from kerasrec.serving.refusal import Refusal

STATIC = pathlib.Path(__file__).parent / "static"
MEDIA = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
FILES = {path.name: path for path in STATIC.iterdir() if path.suffix in MEDIA}
# All content comes from this server.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SUGGESTIONS = 12
MAX_QUERY = 200  # characters
MAX_TITLES, MAX_BODY = 1000, 2**18


def page_routes(models):
    """Returns the Starlette routes of the page, its files and its own API.

    * `GET /`: the page; `GET /page/static/NAME`: its files.
    * `GET /page/models`: names of the models.
    * `GET /page/model?name=`: the served version of a model, and its `kerasrec.json`.
    * `GET /page/search?name=&what=items&q=`: the 12 best matches among items, or users with
      `what=users`.
    * `POST /page/titles` `{"name": ..., "items": [...]}`: titles of at most 1000 items.

    For recommendations the page uses `/v1/models/NAME:predict`, as any client. Errors have the
    form of TF Serving: `{"error": "..."}`.

    Args:
        models: `Models`.

    Example:

    >>> [route.path for route in page_routes(models=None)][:2]
    ['/', '/page/static/{name}']
    """
    exports = PageExports(models)

    def page(request):
        return _file(FILES["index.html"])

    def static(request):
        name = request.path_params["name"]
        return _file(FILES[name]) if name in FILES else _error(404, f"there is no file {name!r}")

    def names(request):
        return _json({"models": exports.names()})

    def model(request):
        return respond(request.query_params.get("name"), lambda export: {"about": export.about})

    def search(request):
        query = request.query_params

        def find(export):
            ids = export.users if query.get("what") == "users" else export.items
            best = ids.find(query.get("q", "")[:MAX_QUERY], SUGGESTIONS)
            return {"found": [{"id": name, "title": ids.title(name)} for name in best]}

        return respond(query.get("name"), find)

    async def titles(request):
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return _error(413, f"the request is larger than {MAX_BODY >> 10} KiB")
        try:
            fields = read_json(body)
        except Refusal as refusal:
            return _error(refusal.http, refusal.message)
        fields = fields if isinstance(fields, dict) else {}
        name, items = fields.get("name"), fields.get("items")
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return _error(400, 'expected {"name": "...", "items": ["...", ...]}')
        if len(items) > MAX_TITLES:
            return _error(400, f"expected at most {MAX_TITLES} items, got {len(items)}")

        def find(export):
            return {"titles": {item: export.items.title(item) for item in items}}

        return await run_in_threadpool(respond, name, find)

    def respond(name, make_fields):
        if not name or not isinstance(name, str):
            return _error(400, "name must be the name of a model")
        try:
            version, export = exports.get(name)
        except Refusal as refusal:
            return _error(refusal.http, refusal.message)
        return _json({"version": version, **make_fields(export)})

    # Starlette runs functions that are not async in a thread, since reading an export is slow.
    return [
        Route("/", page),
        Route("/page/static/{name}", static),
        Route("/page/models", names),
        Route("/page/model", model),
        Route("/page/search", search),
        Route("/page/titles", titles, methods=["POST"]),
    ]


def _file(path):
    # Not Starlette's FileResponse: it answers some range requests with an error in plain text.
    return Response(path.read_bytes(), headers=HEADERS, media_type=MEDIA[path.suffix])


def _json(body, status=200):
    # `json.dumps` escapes unpaired surrogates, which cannot be encoded as UTF-8.
    return Response(json.dumps(body), status, HEADERS, "application/json")


def _error(status, message):
    return _json({"error": message}, status)
