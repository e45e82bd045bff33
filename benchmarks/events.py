"""Events per second that a server acknowledges, beside bare inserts into the same SQLite table.

    python -m benchmarks events

The reference is one connection that inserts prepared rows and commits, without a check and without
a server: into the same table with the same indexes, synced at each commit. Beside it are an
`EventLog` in this process, and `POST /v1/events` of `kerasrec serve`. All take 1000 events at a
time, the most of a request, then 100, then single ones: in a commit of the reference, in a request
of one of 4 clients, or of 32 for single events. One event in ten is an impression of ten items. The
cases take turns. Clients and server share the cores.
"""

import contextlib
import http.client
import json
import pathlib
import sqlite3
import tempfile
import time

from benchmarks.runner.clients import run_clients
from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.server_process import ServerProcess, export_hybrid

BATCHES, CLIENTS, SINGLE_CLIENTS = (1000, 100, 1), 4, 32
BARE, LOG, SERVER = "bare inserts", "EventLog in this process", "POST /v1/events"


def add_arguments(parser):
    parser.add_argument("--seconds", type=float, default=5, help="of a case in a round")


def measure(arguments, say):
    if arguments.quick:
        arguments.seconds = 0.2
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    rates = {size: {BARE: [], LOG: [], SERVER: []} for size in BATCHES}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        say("exporting a small model for the server")
        export_hybrid(folder / "model" / "1", 300, 10)
        with (
            ServerProcess(folder / "model", "--events", f"sqlite:///{folder}/server.db") as server,
            _log(folder / "log.db") as log,
            contextlib.closing(_bare_table(folder / "bare.db")) as bare,
        ):
            for turn in range(arguments.rounds):
                for size, found in rates.items():
                    name = f"{turn}-{size}"
                    found[BARE].append(_insert(bare, name, size, arguments.seconds))
                    found[LOG].append(_add(log, name, size, arguments.seconds))
                    found[SERVER].append(_post(server, name, size, arguments.seconds))
                    shown = ", ".join(f"{key} {found[key][-1]:,.0f}" for key in found)
                    say(f"round {turn + 1} of {arguments.rounds}, {size} at a time: {shown}")
    tables = [
        Table(
            f"{size} event{'s' * (size > 1)} at a time",
            "events/s",
            tuple(Row(name, tuple(values)) for name, values in found.items()),
            BARE,
        )
        for size, found in rates.items()
    ]
    bars = [
        Bar(f"share of bare inserts, {size} at a time", table.ratio(SERVER, BARE), 0.5, True)
        for size, table in zip(rates, tables, strict=True)
    ]
    settings = {"seconds": arguments.seconds, "rounds": arguments.rounds}
    return Report("Events", settings, tables, [] if arguments.quick else bars)


def event(name, number):
    """The fields of an event: every tenth is an impression."""
    fields = {"id": f"{name}-{number}", "user": f"user-{number % 1000}", "time": 1.7e9 + number}
    fields["request"] = f"request-{number // 10}"
    if number % 10:
        item = f"item-{number % 300}"
        return {"kind": "interaction", **fields, "item": item, "behavior": "click"}
    items = [f"item-{(number + place) % 300}" for place in range(10)]
    return {"kind": "impression", **fields, "items": items, "version": "1"}


def _events(name, start, size):
    return [event(name, number) for number in range(start, start + size)]


def _bare_table(path):
    from kerasrec.events.sql_store import INDEXES
    from kerasrec.events.sqlite_store import CREATE

    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", CREATE, *INDEXES):
        connection.execute(statement)
    return connection


def _insert(connection, name, size, seconds):
    """Events a second of inserts; rows are made outside of the time."""
    from kerasrec.events.event_row import to_row
    from kerasrec.events.read_event import read_event
    from kerasrec.events.sql_store import INSERT

    spent, count = 0.0, 0
    while spent < seconds:
        rows = [to_row(read_event(one, time.time())) for one in _events(name, count, size)]
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
        spent += time.perf_counter() - start
        count += size
    return count / spent


@contextlib.contextmanager
def _log(path):
    from kerasrec.events import open_store
    from kerasrec.events.event_log import EventLog

    with EventLog(open_store(f"sqlite:///{path}")) as log:
        yield log


def _add(log, name, size, seconds):
    from kerasrec.events.read_event import read_event

    def send(number):
        events = [read_event(one, time.time()) for one in _events(name, number * size, size)]
        log.add(events).result(60)

    clients = CLIENTS if size > 1 else SINGLE_CLIENTS
    return size * run_clients([send] * clients, seconds)[1]


def _post(server, name, size, seconds):
    clients = CLIENTS if size > 1 else SINGLE_CLIENTS
    posts = [Post(server.port, name, size) for _ in range(clients)]
    rate = run_clients([post.send for post in posts], seconds)[1]
    for post in posts:
        post.close()
    return size * rate


class Post:
    """A connection that posts events; the ids are put into a prepared body."""

    def __init__(self, port, name, size):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        events = _events(name, 0, size)
        for place, one in enumerate(events):
            one["id"] = f"{name}-#-{place}"
        self._body, self._size = json.dumps({"events": events}).encode(), size

    def send(self, number):
        body = self._body.replace(b"#", str(number).encode())
        self._connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        if found != {"new": self._size, "duplicates": 0}:
            raise RuntimeError(f"{answer.status}: {found}")

    def close(self):
        self._connection.close()
