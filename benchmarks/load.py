"""The local server under load: latencies compared with the signature alone, then faults and swaps.

    python -m benchmarks load --json load.json
    python -m benchmarks load --export saved_models/ranker/3

Everything runs on this machine over loopback, so clients and server share the cores. First, 1, 8
and 64 clients request one recommendation after the other. The cases take turns: the loaded
signature alone, by as many threads in one process, and `kerasrec serve` over gRPC and REST, without
and with batching. Then follows mixed load for --minutes: up to four signatures over both protocols,
5 % malformed requests, and a new version every minute. No request may fail, every malformed one
must be answered with a message, and the server's memory must not grow. --export is sent its own
recorded requests, with the features of a request that it reads.
"""

import contextlib
import http.client
import itertools
import json
import pathlib
import shutil
import tempfile
import threading
import time
from functools import partial

import numpy as np

from benchmarks.runner.clients import GrpcClient, RestClient, run_clients
from benchmarks.runner.recorded_requests import recorded_requests
from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.server_process import ServerProcess, export_hybrid
from kerasrec.savedmodel.metadata import EXTRA_FOLDER, read_metadata

NAME, K, SHOWN, HISTORY, REQUESTS = "served", 100, 10, 20, 200
MIXED_CLIENTS, MALFORMED = 8, 0.05
# As deploy/batching.config, with a shorter timeout.
BATCHING = """max_batch_size { value: 128 }
batch_timeout_micros { value: 500 }
max_enqueued_batches { value: 16 }
num_batch_threads { value: 2 }
pad_variable_length_inputs: true
"""
# Malformed bodies; each must be answered by a 4xx with a message.
BAD_BODIES = (
    b"", b"{", b"[]", b"\xff", b'{"inputs": 3}', b'{"inputs": {"history": [["item-1"]]}}',
    b'{"signature_name": "none", "inputs": {}}', b'{"instances": []}',
    b'{"signature_name": "similar_items", "inputs": {"item": [1]}}', b"[" * 50_000,
)  # fmt: skip


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=100_000, help="of the Hybrid")
    parser.add_argument("--export", type=pathlib.Path, metavar="DIR", help="a version of an export")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--minutes", type=float, default=10, help="of mixed load")
    parser.add_argument("--swap", type=float, default=60, help="seconds between new versions")


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.clients = min(arguments.items, 300), [1, 4]
        arguments.seconds, arguments.minutes, arguments.swap = 0.3, 0.1, 1.5
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / NAME
        if arguments.export:
            shutil.copytree(arguments.export, folder / "1")
        else:
            say(f"exporting a Hybrid of {arguments.items:,} items")
            export_hybrid(folder / "1", arguments.items, K)
        about = read_metadata(folder / "1")
        names = np.array(json.loads((folder / "1" / EXTRA_FOLDER / "items.json").read_text()))
        arguments.items, most = len(names), about["max_k"]
        if arguments.export:
            requests = recorded_requests(folder / "1", min(SHOWN, most))
        else:
            requests = _requests(names)
        inputs = {name: list(each["inputs"]) for name, each in about["signatures"].items()}
        asked = [{name: one[name] for name in inputs["recommend"]} for one in requests]
        tables = _latencies(folder, asked, arguments, say)
        mixed, bars = _mixed_load(folder, requests, names, inputs, arguments, say)
    settings = {key: getattr(arguments, key) for key in ("items", "clients", "seconds", "minutes")}
    notes = ["Clients and server share the cores of this machine.", *mixed]
    return Report("The local server under load", {**settings, "k": most}, tables, bars, notes)


def _requests(names):
    """One-row requests as arrays. Lists begin with "", the padding in batches."""
    random = np.random.default_rng(1)
    found = []
    for number in range(REQUESTS):
        history = names[random.integers(0, len(names), 1 + number % HISTORY)]
        request = {"user": [""], "history": [["", *history.tolist()]], "exclude": [[""]]}
        request |= {"recent": [[""]], "allow": [[""]], "repeats": [""]}
        found.append({name: np.array(value) for name, value in request.items()})
        found[-1]["k"] = np.array([SHOWN], "int32")
    return found


def _latencies(folder, requests, arguments, say):
    from kerasrec.savedmodel import CLoader

    bodies = [json.dumps({"inputs": _lists(request)}).encode() for request in requests]
    protos = [_proto("recommend", request) for request in requests]
    batching = folder.parent / "batching.config"
    batching.write_text(BATCHING)
    with (
        CLoader(folder / "1") as loaded,
        ServerProcess(folder) as plain,
        ServerProcess(folder, "--batching-config", str(batching)) as batched,
    ):

        def alone(n):
            loaded.run("recommend", requests[n % len(requests)])

        peers = {"signature alone": lambda stack: alone}
        for suffix, server in (("", plain), (", batching", batched)):
            grpc, rest = (
                partial(GrpcClient, server.grpc_port),
                partial(RestClient, server.port, NAME),
            )
            peers[f"gRPC{suffix}"] = partial(_with_client, grpc, protos)
            peers[f"REST{suffix}"] = partial(_with_client, rest, bodies)
        return [_measure_in_turns(count, peers, arguments, say) for count in arguments.clients]


def _with_client(make, requests, stack):
    client = stack.enter_context(contextlib.closing(make()))
    return lambda n: client.ask_or_raise(requests[n % len(requests)])


def _measure_in_turns(count, peers, arguments, say):
    """Measures all peers in turns with `count` clients and returns a table."""
    found = {name: [] for name in peers}
    for number in range(-1, arguments.rounds):
        say(f"{count} clients, " + ("warming up" if number < 0 else f"round {number + 1}"))
        for name, make in peers.items():
            with contextlib.ExitStack() as stack:
                clients = [make(stack) for _ in range(count)]
                seconds = min(1.0, arguments.seconds) if number < 0 else arguments.seconds
                times = run_clients(clients, seconds)
            if number >= 0:
                found[name].append(times)
    return _table(count, found)


def _table(count, found):
    rows = []
    for name, rounds in found.items():
        times = np.concatenate([times for times, _ in rounds])
        p95, p99 = np.quantile(times, [0.95, 0.99])
        second = np.median([rate for _, rate in rounds])
        note = f"p95 {p95:.1f}, p99 {p99:.1f} ms; {second:.0f} requests/s"
        rows.append(Row(name, tuple(float(np.median(times)) for times, _ in rounds), note))
    title = "1 client" if count == 1 else f"{count} clients"
    return Table(title, "p50, ms", tuple(rows), "signature alone")


def _mixed_load(folder, requests, names, inputs, arguments, say):
    import psutil

    counts, memory, stop = _Counts(), [], threading.Event()
    with ServerProcess(folder) as server:
        process = psutil.Process(server.process.pid)
        threads = [
            threading.Thread(
                target=_run_mixed_client,
                args=(number, server, requests, names, inputs, counts, stop),
            )
            for number in range(MIXED_CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            swaps = max(3, round(60 * arguments.minutes / arguments.swap))
            for number in range(2, swaps + 2):
                start = time.monotonic()
                _publish(folder, number)
                _wait_for(server.port, number)
                counts.note_swap(time.monotonic() - start)
                resting = max(0.2, arguments.swap - (time.monotonic() - start))
                stop.wait(resting)
                memory.append(process.memory_info().rss / (1 << 20))
                say(f"version {number}: {memory[-1]:.0f} MiB, {counts.summary()}")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    # The first two swaps are a warm-up of the allocator, threads and graphs of the signatures.
    before, after = memory[1], memory[-1]
    bars = [
        Bar("requests that failed (5xx, or no answer)", counts.failed, 0),
        Bar("well-formed requests refused", counts.refused, 0),
        Bar("malformed requests without an error message", counts.unexplained, 0),
        Bar("growth of memory", after / before - 1, 0.05),
    ]
    notes = [
        f"Mixed load by {MIXED_CLIENTS} clients: {counts.summary()}, {swaps} new versions, each "
        f"served after {np.median(counts.swaps):.1f} s (at most {max(counts.swaps):.1f}).",
        f"Memory of the server after each swap, MiB: {', '.join(f'{x:.0f}' for x in memory)}.",
        *(f"Failed: {line}" for line in counts.lines[:5]),
    ]
    return notes, bars


def _publish(folder, number):
    """Publishes the same export as the next version; keeps the one before, removes older ones."""
    copy = folder / f".copy-{number}"
    shutil.copytree(folder / str(number - 1), copy)
    copy.rename(folder / str(number))
    shutil.rmtree(folder / str(number - 2), ignore_errors=True)


def _wait_for(port, number):
    """Waits until the version is served and the one before is unloaded."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/v1/models/{NAME}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        found = {one["version"]: one["state"] for one in answer.get("model_version_status", ())}
        if (found.get(str(number)), found.get(str(number - 1))) == ("AVAILABLE", "END"):
            return
        time.sleep(0.1)
    raise RuntimeError(f"version {number} is not served after five minutes: {found}")


class _Counts:
    """Counts of the mixed load, shared by all clients."""

    def __init__(self):
        self.requests = self.malformed = self.failed = self.refused = self.unexplained = 0
        self.lines, self.swaps, self._lock = [], [], threading.Lock()

    def note(self, malformed, code, message):
        """Records an answer by its HTTP status, or the HTTP status of its gRPC code."""
        with self._lock:
            self.requests += 1
            self.malformed += malformed
            self.failed += code >= 500
            self.refused += not malformed and 400 <= code < 500
            # An error message has words and no stack trace.
            explained = len(message.split()) >= 3 and "Traceback" not in message
            self.unexplained += malformed and not (400 <= code < 500 and explained)
            if code >= 500 or (not malformed and code != 200) or (malformed and not explained):
                self.lines.append(f"{code}: {message[:200]}")

    def note_swap(self, seconds):
        self.swaps.append(seconds)

    def summary(self):
        return f"{self.requests:,} requests, {self.malformed:,} of them malformed"


def _run_mixed_client(number, server, requests, names, inputs, counts, stop):
    """Runs one client: mostly recommendations, and some requests to other signatures."""
    random = np.random.default_rng(number)
    rest, grpc = RestClient(server.port, NAME), GrpcClient(server.grpc_port)
    for turn in itertools.count():
        if stop.is_set():
            break
        request = requests[int(random.integers(len(requests)))]
        item = names[int(random.integers(len(names)))]
        signature = _draw_signature(random, inputs)
        request = {**request, "item": np.array([item], object)}
        given = {name: request[name] for name in inputs[signature]}
        malformed = random.random() < MALFORMED
        try:
            if (turn + number) % 2:
                counts.note(malformed, *_by_rest(rest, random, signature, given, malformed))
            else:
                counts.note(malformed, *_by_grpc(grpc, signature, given, malformed))
        except OSError as error:
            counts.note(malformed, 599, f"no answer: {error!r}")
            rest.close()
    rest.close()
    grpc.close()


def _draw_signature(random, inputs):
    """The name of a signature; the share of one that is not there goes to `recommend`."""
    drawn = random.random()
    for name, share in (("similar_items", 0.1), ("score", 0.08), ("recommend_explained", 0.02)):
        if drawn < share and name in inputs:
            return name
        drawn -= share if name in inputs else 0
    return "recommend"


def _by_rest(client, random, signature, inputs, malformed):
    body = json.dumps({"signature_name": signature, "inputs": _lists(inputs)}).encode()
    if malformed:
        body = BAD_BODIES[int(random.integers(len(BAD_BODIES)))]
    code, answer = client.ask(body)
    return code, answer.get("error", "")


def _by_grpc(client, signature, inputs, malformed):
    import grpc

    from kerasrec.serving.refusal import HTTP

    request = _proto("none" if malformed else signature, inputs)
    try:
        client.ask(request)
    except grpc.RpcError as error:
        return HTTP.get(error.code().name, 500), error.details()
    return 200, ""


def _lists(inputs):
    return {name: x.tolist() for name, x in inputs.items()}


def _proto(signature, inputs):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = NAME, signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request
