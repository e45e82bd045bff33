"""The local server under attack: answers to eighteen hostile requests, and their cost to others.

    python -m benchmarks attack --json attack.json

It starts its own `kerasrec serve` on the loopback interface and attacks nothing else. One client
runs one attack after the other, each `--tries` times or for `--seconds`, while another client
requests recommendations. No attack may be answered by a 5xx, later than twice the server's
deadline, or by another answer than expected. The server's memory may not grow. The p99 of the other
client may be at most three times that without an attack.
"""

import collections
import json
import pathlib
import tempfile
import time

import numpy as np

from benchmarks.runner.attacks import NAME, Target, attacks
from benchmarks.runner.bystander import Bystander
from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.server_process import ServerProcess, export_hybrid

DEADLINE = 30  # of the server, seconds
INPUTS = {
    "user": [""], "history": [["", "item-1", "item-2"]], "exclude": [[""]], "allow": [[""]],
    "recent": [[""]], "k": [10], "repeats": [""],
}  # fmt: skip
REQUEST = {"signature_name": "recommend", "inputs": INPUTS}


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--tries", type=int, default=50, help="of each attack, at most")
    parser.add_argument("--seconds", type=float, default=10, help="of each attack, at most")


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.tries, arguments.seconds = 300, 2, 0.5
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / NAME
        say(f"exporting a Hybrid of {arguments.items:,} items")
        export_hybrid(folder / "1", arguments.items, 100)
        with (
            ServerProcess(folder) as server,
            Bystander(server.port, NAME, json.dumps(REQUEST)) as other,
        ):
            target = Target(server.port, server.grpc_port, folder)
            outcomes = _run_attacks(target, server.process.pid, other, arguments, say)
            wrong = other.wrong
    return _report(outcomes, wrong, arguments)


class Outcome:
    """Outcomes, durations and side effects (memory, latency of others) of one attack."""

    def __init__(self, attack):
        self.attack, self.got, self.seconds = attack, collections.Counter(), []
        self.before = self.after = self.p99 = None

    @property
    def wrong(self):
        """Number of unexpected answers."""
        return sum(count for got, count in self.got.items() if got not in self.attack.expected)

    @property
    def failed(self):
        """Number of 5xx answers, also in gRPC, except 503, which refuses under load."""
        return sum(
            count
            for got, count in self.got.items()
            if got in ("INTERNAL", "UNKNOWN") or (got[:1] == "5" and got[:3] != "503")
        )

    def row(self):
        got = ", ".join(f"{what} x {count}" for what, count in self.got.most_common())
        note = f"expected {' or '.join(self.attack.expected)}; got {got}"
        note += f"; {self.before:.0f} -> {self.after:.0f} MiB; others' p99 {self.p99:.0f} ms"
        return Row(self.attack.name, tuple(self.seconds), note)


def _run_attacks(target, process, other, arguments, say):
    import psutil

    memory = psutil.Process(process).memory_info
    undisturbed = Outcome(None)
    for attempt in range(2):  # the first one is a warm-up
        with other.sending() as times:
            time.sleep(max(2.0, arguments.seconds / 2) if attempt else 1.0)
    undisturbed.p99 = _p99(times)
    found = [undisturbed]
    for attack in attacks():
        outcome = Outcome(attack)
        outcome.before = memory().rss / (1 << 20)
        end = time.monotonic() + arguments.seconds
        with other.sending() as times:
            while sum(outcome.got.values()) < arguments.tries:
                start = time.monotonic()
                outcome.got[attack.run(target)] += 1
                outcome.seconds.append(time.monotonic() - start)
                if time.monotonic() > end:
                    break
        outcome.p99, outcome.after = _p99(times), memory().rss / (1 << 20)
        say(f"{attack.name}: {dict(outcome.got)}, at most {max(outcome.seconds):.1f} s")
        found.append(outcome)
    return found


def _p99(times):
    return 1000 * float(np.quantile(times, 0.99)) if times else float("nan")


def _report(outcomes, wrong, arguments):
    undisturbed, *found = outcomes
    slowest = max(max(outcome.seconds) for outcome in found)
    worst = max(outcome.p99 for outcome in found)
    # The allocator keeps buffers of the first attacks, so only later growth counts.
    warm = max(outcome.after for outcome in found[: len(found) // 2])
    bars = [
        Bar("answers of 5xx", sum(outcome.failed for outcome in found), 0),
        Bar("unexpected answers", sum(outcome.wrong for outcome in found), 0),
        Bar("failed requests of others", len(wrong), 0),
        Bar("slowest answer, seconds", slowest, 2 * DEADLINE),
        Bar("growth of memory in the second half", found[-1].after / warm - 1, 0.05),
        Bar("others' p99 / p99 without an attack", worst / undisturbed.p99, 3),
    ]
    rows = tuple(outcome.row() for outcome in found)
    settings = {key: getattr(arguments, key) for key in ("items", "tries", "seconds")}
    tables = [Table("Attacks, one after the other", "s", rows)]
    notes = [f"Without an attack the p99 of the other client is {undisturbed.p99:.1f} ms."]
    notes += [f"Failed: {line}" for line in wrong[:5]]
    return Report("The local server under attack", settings, tables, bars, notes)
