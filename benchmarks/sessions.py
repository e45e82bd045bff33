"""Milliseconds from an acknowledged event to a recommendation that knows it.

    python -m benchmarks sessions

A server of a Hybrid with an SQLite store, and one client. In turn, for another user each time: an
event is sent until it is acknowledged, then `recommend` is asked for the user until the item is no
longer among the answers, since what was taken is left out. The time is that from the
acknowledgement to the end of the first answer without it. Beside it are answers for people without
events, and the same on a server without events.
"""

import http.client
import json
import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.server_process import ServerProcess, export_hybrid

KNOWN, PLAIN, WITHOUT = "event to answer", "answer, no events of the user", "server without events"
MOST = 1000.0  # milliseconds


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--tries", type=int, default=200, help="of a case in a round")


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.tries = 300, 5
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    times = {KNOWN: [], PLAIN: [], WITHOUT: []}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        say("exporting a model for the server")
        export_hybrid(folder / "model" / "1", arguments.items, 100)
        url = f"sqlite:///{folder}/events.db"
        with (
            ServerProcess(folder / "model", "--events", url) as live,
            ServerProcess(folder / "model") as without,
        ):
            for turn in range(arguments.rounds):
                found = {name: [] for name in times}
                for number in range(arguments.tries):
                    user = f"user-{turn}-{number}"
                    found[PLAIN].append(_answer(live, user)[1])
                    found[WITHOUT].append(_answer(without, user)[1])
                    found[KNOWN].append(_after_event(live, user))
                for name, seconds in found.items():
                    times[name].append(float(np.percentile(seconds, 99) * 1000))
                shown = ", ".join(f"{name} {one[-1]:.1f}" for name, one in times.items())
                say(f"round {turn + 1} of {arguments.rounds}, ms at p99: {shown}")
    rows = tuple(Row(name, tuple(values)) for name, values in times.items())
    table = Table("From an event to the next answer", "ms at p99", rows, WITHOUT)
    bars = [Bar("ms from an event to an answer that knows it, p99", max(times[KNOWN]), MOST, False)]
    settings = {"items": arguments.items, "tries": arguments.tries, "rounds": arguments.rounds}
    return Report("Session state", settings, [table], [] if arguments.quick else bars)


def _after_event(server, user):
    (item, *_), _ = _answer(server, user)
    event = {"kind": "interaction", "id": f"e/{user}", "user": user, "item": item}
    _post(server, "/v1/events", event)
    began = time.monotonic()
    while item in _answer(server, user)[0]:
        if time.monotonic() - began > 10:
            raise RuntimeError("the event was not seen within 10 s")
    return time.monotonic() - began


def _answer(server, user):
    """The items of a recommendation, and the seconds it took."""
    lists = {name: [[""]] for name in ("history", "recent", "exclude", "allow")}
    inputs = {"user": [user], "k": [10], "repeats": ["mask"], **lists}
    began = time.monotonic()
    answer = _post(
        server, "/v1/models/model:predict", {"signature_name": "recommend", "inputs": inputs}
    )
    return answer["outputs"]["item"][0], time.monotonic() - began


def _post(server, path, fields):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
    return json.loads(body)
