"""The events of a server, over HTTP."""

import gzip
import io
import json
import threading
import time

import pyarrow.parquet
import pytest
import urllib3

from kerasrec.events import StoreAway, StoreFull, open_store
from kerasrec.events.arrow_events import from_arrow
from kerasrec.events.event_log import EventLog
from kerasrec.events.sqlite_store import SqliteStore
from kerasrec.serving.limits import Limits
from kerasrec.serving.server import Server

JSON = {"Content-Type": "application/json"}
CLICK = {"kind": "interaction", "id": "e1", "user": "u", "item": "a", "time": 100}
ASK = {"history": [["a", "a"], ["b", "b"]], "exclude": [[""], [""]], "k": [2, 2]}


class Failing(SqliteStore):
    """Fails with `error` if there is one; `asked` is set when it was tried."""

    error, asked = None, None

    def append_all(self, batches):
        if self.error:
            self.asked.set()
            raise self.error
        return super().append_all(batches)


@pytest.fixture
def store(tmp_path):
    found = Failing(tmp_path / "events.db")
    found.asked = threading.Event()
    return found


@pytest.fixture
def run(toys, store):
    """`run(**options of the log)`: a server with events."""
    opened = []

    def start(limits=None, host="127.0.0.1", **options):
        log = EventLog(store, say=lambda line: None, **options)
        opened.append(log)
        opened.append(Server(toys, host=host, port=0, limits=limits, say=print, events=log))
        return opened[-1]

    yield start
    for one in reversed(opened):
        getattr(one, "stop", getattr(one, "close", None))()


@pytest.fixture(scope="module")
def small(toys, tmp_path_factory):
    """A server with an empty store that takes bodies up to 64 KiB."""
    url = f"sqlite:///{tmp_path_factory.mktemp('small')}/events.db"
    with (
        EventLog(open_store(url)) as log,
        Server(toys, port=0, limits=Limits(body=1 << 16), say=print, events=log) as server,
    ):
        yield server


@pytest.fixture
def post(ask):
    def send(server, body, **headers):
        return ask(server, "/v1/events", body, "POST", **{**JSON, **headers})

    return send


def stored(store):
    return [event.id for _, event in store.read()]


def test_one_event_and_many_and_duplicates(run, post, store):
    server = run()
    assert post(server, CLICK) == (200, {"new": 1, "duplicates": 0})
    shown = {"kind": "impression", "id": "e2", "items": ["a", "ü"], "context": {"hour": 9}}
    body = {"events": [CLICK, shown, {**CLICK, "id": "e0", "time": 1}]}
    assert post(server, body) == (200, {"new": 2, "duplicates": 1})
    packed = gzip.compress(json.dumps({**CLICK, "id": "e3"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json; charset=utf-8"}
    assert post(server, packed, **headers)[0] == 200
    assert stored(store) == ["e1", "e2", "e0", "e3"]
    # Users and items that no model knows, and no time: it is that of the arrival.
    before = time.time()
    assert post(server, {"kind": "interaction", "id": "e4", "session": "?", "item": "?"})[0] == 200
    assert before <= store.read()[-1][1].time <= time.time()


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "JSON Parse error"),
        (b'{"id": "a", "id": "b"}', 400, 'the name "id" is given twice'),
        ([CLICK], 400, "an event is an object of fields"),
        ({"events": []}, 400, "Expected 1 to 1000 events, got 0"),
        ({"events": [{}] * 1001}, 400, "got 1001: split them"),
        ({"events": CLICK}, 400, 'Expected an event, or {"events": [...]} with a list of them'),
        ({"events": [CLICK], "more": 1}, 400, "Expected an event, or"),
        ({"events": [CLICK, {**CLICK, "item": None}]}, 400, "events[1]: item: missing"),
        ({**CLICK, "item": "a\0"}, 400, "item: 'a\\x00' is blank or has a control character"),
        ({**CLICK, "value": float("nan")}, 400, "value: expected a finite number"),
        ({**CLICK, "time": 1e15}, 400, "Is it in milliseconds?"),
        ({**CLICK, "time": time.time() + 1e5}, 400, "s in the future, more than 300. Set the"),
        (b"[" * 60_000, 400, "JSON Parse error: it is nested too deeply"),
        (b" " * (1 << 17), 413, "The body is larger than 0.0625 MiB: split the request."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(small, post, body, status, message):
    found, answer = post(small, body)
    assert found == status and message in answer["error"]
    assert stored(small._events.store) == []


def test_only_json_is_taken_so_that_no_web_page_can_write(small, ask):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        status, answer = ask(small, "/v1/events", CLICK, **{"Content-Type": kind})
        assert status == 415 and "send application/json" in answer["error"]
    assert stored(small._events.store) == []


def test_other_methods_and_a_server_without_events(small, ask, server):
    for method in ("PUT", "DELETE"):
        assert ask(small, "/v1/events", method=method)[0] == 405
    assert ask(small, "/v1/events/export", {}, "POST")[0] == 405
    assert ask(server, "/v1/events", CLICK, **JSON) == (
        400, {"error": "Malformed request: POST /v1/events"},
    )  # fmt: skip


def test_a_full_store_is_507_and_nothing_is_acknowledged(run, post, store):
    server = run()
    store.error = StoreFull("/secret/path: database or disk is full")
    status, answer = post(server, CLICK)
    assert status == 507 and answer["error"].startswith("The store of events is full: nothing of")
    assert "secret" not in answer["error"] and stored(store) == []
    store.error = None
    assert post(server, CLICK) == (200, {"new": 1, "duplicates": 0})


def test_a_store_that_is_away_is_503_after_the_time_of_a_request(run, post, ask, store):
    server = run(Limits(timeout=0.3))
    store.error = StoreAway("gone")
    status, answer = post(server, CLICK)
    assert status == 503 and "send the events again" in answer["error"]
    assert "gone" in ask(server, "/v1/events")[1]["last_error"]
    store.error = None
    assert post(server, CLICK)[0] == 200 and stored(store) == ["e1"]


def test_a_store_that_comes_back_answers_what_waited(run, post, store):
    server, answers = run(), []
    store.error = StoreAway("gone")
    thread = threading.Thread(target=lambda: answers.append(post(server, CLICK)))
    thread.start()
    assert store.asked.wait(30)
    store.error = None
    thread.join(30)
    assert answers == [(200, {"new": 1, "duplicates": 0})]


def test_waiting_events_leave_room_for_recommendations(run, post, ask, store):
    """Of 8 requests at a time 2 may wait for the store."""
    server, answers = run(Limits(waiting=8)), []
    store.error = StoreAway("gone")

    def send(number):
        answers.append(post(server, {**CLICK, "id": f"{number}"})[0])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    while ask(server, "/v1/events")[1]["waiting"] < 1:  # one is in the hand of the writer
        assert not answers
    status, answer = post(server, {**CLICK, "id": "9"})
    assert status == 503 and "2 requests wait for the store already" in answer["error"]
    assert ask(server, "/v1/models/toy:predict", {"inputs": ASK})[0] == 200
    store.error = None
    for thread in threads:
        thread.join(30)
    assert answers == [200, 200] and sorted(stored(store)) == ["0", "1"]


def export(server, query=""):
    with urllib3.PoolManager(retries=False) as pool:
        url = f"http://127.0.0.1:{server.port}/v1/events/export{query}"
        answer = pool.request("GET", url)
        return answer.status, answer.data


def test_the_export_streams_what_is_behind_a_cursor(run, post, store, monkeypatch):
    monkeypatch.setattr("kerasrec.serving.event_export.PAGE", 2)
    monkeypatch.setattr("kerasrec.serving.event_export.GROUP", 2)
    server = run()
    assert export(server) == (200, b"")
    shown = {"kind": "impression", "id": "s", "items": ["a", "ü"], "propensities": [0.5, 1]}
    events = [{**CLICK, "id": f"{n}"} for n in range(4)]
    assert post(server, {"events": [*events, {**shown, "time": 7}]})[0] == 200
    status, body = export(server)
    lines = [json.loads(line) for line in body.splitlines()]
    assert status == 200 and [line["cursor"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1] == {"cursor": 5, **shown, "time": 7.0}
    assert [json.loads(line)["id"] for line in export(server, "?after=3")[1].splitlines()] == [
        "3", "s",
    ]  # fmt: skip
    status, body = export(server, "?format=parquet&after=1")
    file = pyarrow.parquet.ParquetFile(io.BytesIO(body))
    assert file.num_row_groups == 2
    assert from_arrow(file.read()) == store.read(after=1)
    empty = export(server, "?format=parquet&after=5")[1]
    assert pyarrow.parquet.read_table(io.BytesIO(empty)).num_rows == 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?after=-1", "after: expected a cursor"),
        ("?after=%D9%A3", "after: expected a cursor"),
        ("?after=" + "9" * 19, "after: expected a cursor"),
        ("?format=csv", "format: expected ndjson or parquet, got 'csv'"),
    ],
)
def test_wrong_exports(small, query, message):
    status, body = export(small, query)
    assert status == 400 and message in json.loads(body)["error"]


def test_no_export_to_other_machines(run, ask, post):
    server = run(host="0.0.0.0")
    assert post(server, CLICK)[0] == 200
    for path in ("/v1/events", "/v1/events/export"):
        status, answer = ask(server, path)
        assert status == 403 and "loopback" in answer["error"]


def predict(server, body, **headers):
    with urllib3.PoolManager(retries=False) as pool:
        url = f"http://127.0.0.1:{server.port}/v1/models/toy:predict"
        answer = pool.request("POST", url, body=json.dumps(body), headers=headers)
        return answer.status, answer.headers.get("X-Request-ID"), answer.json()


def test_answers_of_recommend_are_logged_as_impressions(run, store):
    server = run(log_impressions=True)
    one = {"inputs": {"history": [["ü", "ü"]], "exclude": [["a"]], "k": [3]}}
    status, request, answer = predict(server, one, **{"X-Request-ID": "r-1"})
    assert (status, request) == (200, "r-1")
    assert predict(server, one, **{"X-Request-ID": "r-1"})[0] == 200  # a repeated request
    assert predict(server, {"signature_name": "recommend", "inputs": ASK}, **{"X-Request-ID": "b"})
    # Neither another signature nor a refused request is logged.
    assert predict(server, {"signature_name": "echo", "inputs": ["a"]})[0] == 200
    assert predict(server, {"inputs": {}})[0] == 400
    generated = predict(server, one)[1]
    assert len(generated) == 32
    strange = predict(server, one, **{"X-Request-ID": "x" * 201})[1]
    assert len(strange) == 32 != generated
    server._events.add([]).result(30)
    events = [event for _, event in store.read()]
    assert [event.request for event in events] == ["r-1", "b/0", "b/1", generated, strange]
    assert events[0].items == ("ü", "b") == tuple(answer["outputs"]["item"][0][:2])
    assert events[0].version == "2" and events[0].id == "impression/r-1"
    assert [event.items for event in events[1:3]] == [("a", "b"), ("b", "a")]


def test_without_the_option_nothing_is_logged(run, store):
    server = run()
    assert predict(server, {"inputs": ASK})[1] is None
    server._events.add([]).result(30)
    assert stored(store) == []


def test_openapi_describes_the_events(small, ask, server):
    paths = ask(small, "/openapi.json")[1]["paths"]
    assert {"/v1/events", "/v1/events/export"} < set(paths)
    assert "/v1/events" not in ask(server, "/openapi.json")[1]["paths"]


@pytest.mark.slow
def test_no_event_that_a_fuzzer_makes_of_the_schema_is_an_error(run, ask, store):
    schemathesis = pytest.importorskip("schemathesis", reason="NOT TESTED: schemathesis is missing")
    import hypothesis

    server = run()
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    answered = set()

    @hypothesis.given(case=schema["/v1/events"]["POST"].as_strategy())
    @hypothesis.settings(max_examples=60, deadline=None, derandomize=True, database=None)
    def send(case):
        answered.add(case.call().status_code)

    send()
    assert answered <= {200, 400} and 200 in answered, answered
    assert open_store(f"sqlite:///{store._path}").size() > 0
