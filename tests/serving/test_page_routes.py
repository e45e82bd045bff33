"""The API of the page, over a socket."""

import configparser
import contextlib
import json
import pathlib
import socket
import threading
import types
import urllib.error
import urllib.parse
import urllib.request

import pytest
import uvicorn
from starlette.applications import Starlette

from kerasrec.serving.page_routes import FILES, page_routes
from kerasrec.serving.refusal import Refusal

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Models:
    """Two version folders; `number` is served."""

    def __init__(self, folder):
        self.folder, self.number = folder, 1
        for number, title in ((1, "Old title"), (2, "New title")):
            extra = folder / str(number) / "assets.extra"
            extra.mkdir(parents=True)
            (extra / "items.json").write_text(json.dumps(["a", "b", "<i>"]))
            (extra / "titles.json").write_text(json.dumps([title, "", "Café"]))
            (extra / "users.json").write_text(json.dumps(["ann", "bob"]))
            (extra / "kerasrec.json").write_text(json.dumps({"model": "Toy", "max_k": 3}))

    def names(self):
        return ["toy"]

    @contextlib.contextmanager
    def current(self, name):
        if name != "toy":
            raise Refusal("NOT_FOUND", f"Servable not found for request: Latest({name})")
        folder = self.folder / str(self.number)
        yield types.SimpleNamespace(number=self.number, folder=folder)


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path)


@pytest.fixture
def ask(models):
    """Sends requests to a running server: `ask(path, body=None)` -> status, headers, text."""
    # The socket queues connections until the server accepts them.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = Starlette(routes=page_routes(models))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()

        def ask(path, body=None, **headers):
            request = urllib.request.Request(
                f"http://127.0.0.1:{listening.getsockname()[1]}{path}", body, headers
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    return response.status, response.headers, response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers, error.read().decode()

        yield ask
        server.should_exit = True
        thread.join()


def parsed(answer):
    status, _, text = answer
    return status, json.loads(text)


def test_the_page_and_its_files_have_a_strict_content_policy(ask):
    for path in ("/", *(f"/page/static/{name}" for name in FILES)):
        status, headers, text = ask(path)
        assert status == 200
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert set(policy.values()) == {"'self'", "'none'"}
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text and " style=" not in text and "onclick" not in text
    assert ask("/page/static/page.js")[1]["Content-Type"].startswith("text/javascript")


def test_range_requests_get_the_whole_file(ask):
    whole = ask("/page/static/page.js")[2]
    for asked in ("bytes=0-1", "bytes=9999999-", "bytes=x", "x"):
        assert ask("/page/static/page.js", Range=asked)[::2] == (200, whole)


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpage_routes.py", "%2e%2e", "page.js%00"])
def test_other_files_are_not_served(ask, name):
    assert ask(f"/page/static/{name}")[0] == 404


def test_models_and_their_metadata(ask):
    assert parsed(ask("/page/models")) == (200, {"models": ["toy"]})
    about = {"model": "Toy", "max_k": 3}
    assert parsed(ask("/page/model?name=toy")) == (200, {"version": 1, "about": about})


def test_search(ask):
    found = parsed(ask("/page/search?name=toy&q=cafe"))[1]
    assert found == {"version": 1, "found": [{"id": "<i>", "title": "Café"}]}
    found = parsed(ask("/page/search?name=toy&what=users&q=b"))[1]
    assert found["found"] == [{"id": "bob", "title": ""}]
    assert len(parsed(ask("/page/search?name=toy"))[1]["found"]) == 3
    assert parsed(ask(f"/page/search?name=toy&q={'x' * 5000}"))[1]["found"] == []


def test_titles_and_a_new_version(ask, models):
    body = json.dumps({"name": "toy", "items": ["a", "b", "stranger"]}).encode()
    titles = {"a": "Old title", "b": "", "stranger": ""}
    assert parsed(ask("/page/titles", body)) == (200, {"version": 1, "titles": titles})
    models.number = 2
    answer = parsed(ask("/page/titles", body))[1]
    assert (answer["version"], answer["titles"]["a"]) == (2, "New title")


NESTED = b'{"name": "toy", "items": [' + b"[" * 900 + b"]" * 900 + b"]}"


@pytest.mark.parametrize(
    "path,body,status,message",
    [
        ("/page/model?name=no", None, 404, "Servable not found for request: Latest(no)"),
        ("/page/search?q=a", None, 400, "name must be the name of a model"),
        ("/page/titles", b"{", 400, "JSON Parse error"),
        ("/page/titles", b"[" * 5000, 400, "JSON Parse error: it is nested too deeply"),
        ("/page/titles", NESTED, 400, "expected {"),
        ("/page/titles", b'{"name": "toy", "items": ["a", 3]}', 400, "expected {"),
        ("/page/titles", b'{"name": "\\ud800", "items": []}', 404, r"Latest(\ud800)"),
        ("/page/titles", b'{"name": "toy", "name": "no", "items": []}', 400, "given twice"),
        ("/page/titles", b'{"name": "\xff", "items": []}', 400, "JSON Parse error"),
        ("/page/titles", b'{"name": "toy", "items": %s}' % (b"9" * 5000), 400, "too many digits"),
        ("/page/search?name=%ED%A0%80", None, 404, "Servable not found"),
        ("/page/titles", b"[]", 400, "expected {"),
        ("/page/titles", b'{"name": "toy", "items": 3}', 400, "expected {"),
        ("/page/titles", b'{"name": ["toy"], "items": []}', 400, "name must be"),
        ("/page/titles", b'{"name": "no", "items": []}', 404, "Servable not found"),
        ("/page/titles", b'"' + b"x" * 2**18 + b'"', 413, "larger than 256 KiB"),
    ],
)
def test_errors_have_a_message(ask, path, body, status, message):
    code, answer = parsed(ask(path, body))
    assert code == status
    assert answer["error"].startswith(message) or message in answer["error"]


def test_an_unpaired_surrogate_is_an_id_like_any_other(ask):
    body = b'{"name": "toy", "items": ["\\ud800"]}'
    assert parsed(ask("/page/titles", body)) == (200, {"version": 1, "titles": {"\ud800": ""}})


def test_too_many_titles_are_refused(ask):
    body = json.dumps({"name": "toy", "items": ["a"] * 1001}).encode()
    assert parsed(ask("/page/titles", body)) == (
        400,
        {"error": "expected at most 1000 items, got 1001"},
    )


def test_an_export_without_metadata(ask, models):
    for path in (models.folder / "1" / "assets.extra").iterdir():
        path.unlink()
    assert parsed(ask("/page/model?name=toy")) == (200, {"version": 1, "about": {}})
    assert parsed(ask("/page/search?name=toy&q=a"))[1]["found"] == []


def test_static_files_are_in_the_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = config["options.package_data"]["kerasrec.serving"].split()
    for path in FILES.values():
        assert any(path.relative_to(path.parents[1]).match(pattern) for pattern in patterns)
