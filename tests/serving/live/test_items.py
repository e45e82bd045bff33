"""New and hidden items, over HTTP and compared with Python."""

import shutil
import time

import pytest

from kerasrec.client import Client
from kerasrec.events import open_store
from kerasrec.events.event_log import EventLog
from kerasrec.serving.answering import Answering
from kerasrec.serving.server import Server

pytestmark = [pytest.mark.export, pytest.mark.slow]
NEWEST = 1_000_000_005  # the newest interaction in the data of the exports

# Features of the item that only the second export knows, as there.
NEW = {"text": "red sea", "mood": "calm", "pages": 30}
A, TIMES = ["x", "y"], [NEWEST - 5, NEWEST - 4]  # the history of a in the exports
JSON = {"Content-Type": "application/json"}


def client(server):
    return Client(f"http://127.0.0.1:{server.port}", "hybrid", timeout=60)


def test_a_new_item_is_ranked_as_by_a_model_that_knows_it(
    models, start, shown, expected, same, did, put
):
    new, server = models[1], start()
    began = time.monotonic()
    assert put(server, "new", NEW) == {"item": "new", "state": "new"}
    found = shown(server, user="a")
    assert time.monotonic() - began < 2
    same(found, expected(new, A, TIMES))
    ranks = set()
    for history in (["x"], ["y", "w"], ["z", "v", "x"], []):
        found = shown(server, history=history)
        same(found, expected(new, history))
        ranks |= {place for place, (item, _) in enumerate(found) if item == "new"}
    assert len(ranks) > 1, "the test is blind: it is always at the same place"
    for limits in ({"exclude": ["new", "y"]}, {"allow": ["new"]}, {"allow": ["new", "z", "cold"]}):
        same(shown(server, user="a", **limits), expected(new, A, TIMES, **limits))
    same(shown(server, user="a", k=1), expected(new, A, TIMES, k=1))
    # Taken: it is not shown again, unless that is asked for.
    did(server, "new")
    assert "new" not in dict(shown(server, user="a"))
    assert "new" in dict(shown(server, user="a", repeats="allow", allow=["new"]))


def test_new_items_outlive_a_restart_and_end_with_a_version_that_knows_them(
    models, start, served, ask, shown, expected, same, put, until
):
    server = start()
    put(server, "new", NEW)
    server.stop()
    server = start()
    same(shown(server, user="a"), expected(models[1], A, TIMES))
    assert ask(server, "/v1/items")[1] == {
        "items": [{"item": "new", "state": "new", "features": NEW}], "next": None,
    }  # fmt: skip
    served(2)
    until(lambda: ask(server, "/v1/models/hybrid/versions/2/metadata")[0] == 200)
    same(shown(server, user="a"), expected(models[1], A, TIMES))
    assert ask(server, "/v1/items")[1]["items"][0]["state"] == "known"


def test_a_hidden_item_is_not_shown_until_it_is_put_again(
    models, start, ask, shown, expected, same, put
):
    server = start()
    put(server, "new", NEW)
    before = shown(server, user="a")
    for item in ("z", "new"):
        answer = ask(server, f"/v1/items/{item}", None, "DELETE")
        assert answer == (200, {"item": item, "state": "hidden"})
    hidden = expected(models[0], A, TIMES, exclude=["z"])
    same(shown(server, user="a"), hidden)
    with client(server) as asking:
        assert "z" not in [one.item for one in asking.similar_items("x", k=5)]
    server.stop()
    server = start()
    same(shown(server, user="a"), hidden)
    found = ask(server, "/v1/items?limit=1")[1]
    assert found == {"items": [{"item": "new", "state": "hidden"}], "next": "new"}
    assert ask(server, "/v1/items?after=new")[1]["items"] == [{"item": "z", "state": "hidden"}]
    assert put(server, "z", {}) == {"item": "z", "state": "known"}
    put(server, "new", NEW)
    same(shown(server, user="a"), before)


def test_a_share_of_the_places_is_for_new_items(start, put):
    server = start(answering=Answering(new_items=0.2))
    put(server, "new", {"text": "?"})
    with client(server) as asking:
        lists = [
            [one.item for one in asking.recommend(user="a", k=5, exclude=["cold"], request_id="r")]
            for _ in range(2)
        ]
    # One of the 4 places of the export's 3 items and it.
    assert lists[0] == lists[1] and "new" in lists[0]


@pytest.mark.parametrize(
    ("item", "fields", "message"),
    [
        ("n", {}, "A new item needs at least one feature of mood, pages, text: got none."),
        ("n", {"text": None}, "A new item needs at least one feature"),
        ("n", [], "Expected an object with the features of an item"),
        ("n", {"color": "red"}, "color: the model has no such feature; it has mood, pages, text."),
        ("n", {"pages": "30"}, "pages: expected a finite number (in float32), got '30'."),
        ("n", {"pages": 1e39}, "pages: expected a finite number"),
        ("n", {"pages": True}, "pages: expected a finite number"),
        ("n", {"text": ["red"]}, "text: expected a text, got ['red']."),
        ("n", {"text": "x" * 70_000}, "The features of an item have at most 64 KiB."),
        ("n" * 513, NEW, "An id of an item has 1 to 512 characters, got 513."),
        ("n%07", NEW, "An id of an item has no control characters"),
        ("%20n", NEW, "no space at its ends"),
        ("n", b"{", "JSON Parse error"),
    ],
)
def test_wrong_items_are_refused(wrong, ask, item, fields, message, put):
    assert message in put(wrong, item, fields, 400)["error"]
    assert ask(wrong, "/v1/items")[1]["items"] == []


@pytest.fixture(scope="module")
def wrong(models, tmp_path_factory):
    """A server that no test changes."""
    folder = tmp_path_factory.mktemp("wrong")
    shutil.copytree(models[2] / "version-1", folder / "hybrid" / "1")
    with (
        EventLog(open_store(f"sqlite:///{folder}/events.db")) as log,
        Server(folder / "hybrid", port=0, say=lambda line: None, events=log) as server,
    ):
        yield server


def test_other_requests_that_are_refused(wrong, ask):
    assert ask(wrong, "/v1/items/n", NEW, "PUT")[0] == 415
    assert ask(wrong, "/v1/items/n", NEW, "POST", **JSON)[0] == 405
    assert ask(wrong, "/v1/items", NEW, "POST", **JSON)[0] == 405
    assert ask(wrong, "/v1/items/nothing", None, "DELETE")[0] == 404
    for query in ("limit=0", "limit=1001", "limit=x", "after=%00"):
        assert ask(wrong, f"/v1/items?{query}")[0] == 400


def test_too_many_items(start, ask, monkeypatch, put):
    monkeypatch.setattr("kerasrec.serving.live_items.MOST_NEW", 1)
    monkeypatch.setattr("kerasrec.serving.live_items.MOST_HIDDEN", 1)
    server = start()
    put(server, "n/1", NEW)
    put(server, "n/1", {**NEW, "pages": None})
    assert "1 items are new already" in put(server, "n2", NEW, 507)["error"]
    assert ask(server, "/v1/items/n/1", None, "DELETE")[0] == 200
    status, answer = ask(server, "/v1/items/x", None, "DELETE")
    assert status == 507 and "1 items are hidden already" in answer["error"]
    put(server, "n2", NEW)


def test_changes_of_another_server_on_the_store(
    models, start, ask, shown, expected, same, put, until
):
    one, other = start(), start()
    put(one, "new", NEW)
    until(lambda: "new" in dict(shown(other, user="a")))
    same(shown(other, user="a"), expected(models[1], A, TIMES))
    assert ask(one, "/v1/items/z", None, "DELETE")[0] == 200
    until(lambda: "z" not in dict(shown(other, user="a")))
