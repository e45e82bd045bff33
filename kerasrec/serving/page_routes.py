"""The page at `/`: what a person needs to try a served model."""

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
# Everything comes from this server, and titles are only ever shown as text.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SUGGESTIONS = 12
LONGEST_QUERY = 200
MOST_TITLES, LARGEST_BODY = 1000, 2**18


def page_routes(models):
    """Starlette routes of the page, of its files and of what it asks beside TF Serving's API.

    * `GET /`: the page; `GET /page/static/NAME`: its files.
    * `GET /page/models`: names of the models.
    * `GET /page/model?name=`: the version of one, and its `kerasrec.json`.
    * `GET /page/search?name=&what=items&q=`: the 12 items (or `what=users`) that fit best.
    * `POST /page/titles` `{"name": ..., "items": [...]}`: titles of at most 1000 items.

    Recommendations the page takes from `/v1/models/NAME:predict`, as any client does. Errors are
    told as TF Serving tells them: `{"error": "..."}`.

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
        return _file(FILES[name]) if name in FILES else _refused(404, f"there is no file {name!r}")

    def names(request):
        return _json({"models": exports.names()})

    def model(request):
        return told(request.query_params.get("name"), lambda export: {"about": export.about})

    def search(request):
        asked = request.query_params

        def found(export):
            ids = export.users if asked.get("what") == "users" else export.items
            best = ids.find(asked.get("q", "")[:LONGEST_QUERY], SUGGESTIONS)
            return {"found": [{"id": each, "title": ids.title(each)} for each in best]}

        return told(asked.get("name"), found)

    async def titles(request):
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                return _refused(413, f"the request is larger than {LARGEST_BODY >> 10} KiB")
        try:
            asked = read_json(body)
        except Refusal as refusal:
            return _refused(refusal.http, refusal.message)
        asked = asked if isinstance(asked, dict) else {}
        name, items = asked.get("name"), asked.get("items")
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            return _refused(400, 'expected {"name": "...", "items": ["...", ...]}')
        if len(items) > MOST_TITLES:
            return _refused(400, f"at most {MOST_TITLES} titles at once: got {len(items)} items")

        def found(export):
            return {"titles": {each: export.items.title(each) for each in items}}

        return await run_in_threadpool(told, name, found)

    def told(name, answer):
        if not name or not isinstance(name, str):
            return _refused(400, "name must be the name of a model")
        try:
            version, export = exports.get(name)
        except Refusal as refusal:
            return _refused(refusal.http, refusal.message)
        return _json({"version": version, **answer(export)})

    # Starlette runs functions that are not async in a thread: reading an export takes a while.
    return [
        Route("/", page),
        Route("/page/static/{name}", static),
        Route("/page/models", names),
        Route("/page/model", model),
        Route("/page/search", search),
        Route("/page/titles", titles, methods=["POST"]),
    ]


def _file(path):
    # Whole: Starlette's FileResponse refuses some parts of a file in plain text.
    return Response(path.read_bytes(), headers=HEADERS, media_type=MEDIA[path.suffix])


def _json(body, status=200):
    # Escaped: halves of surrogate pairs, which JSON may hold, are no UTF-8.
    return Response(json.dumps(body), status, HEADERS, "application/json")


def _refused(status, sentence):
    return _json({"error": sentence}, status)
