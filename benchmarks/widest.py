"""Cost of one user with very many events: time and peak memory of a run with and without it.

Each case adapts, trains some steps, evaluates and exports a model in a process of its own, on a
random table of users with as many events each, and on the same table with one user more. The other
table has users and items by a Zipf distribution, and one model. Times are seconds of processor, of
the check of the export too, since one core more or less must not decide; the time and the memory
of reading a table are not in them.
"""

import sys

from benchmarks.peers.widest_user import PARTS
from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.worker import PeerError, Worker

TRAINED = {"dim": 32, "candidates": "sampled"}
MODELS = {
    "Popularity": {},
    "ItemKNN": {},
    "Markov": {},
    "MatrixFactorization": TRAINED,
    "SASRec": TRAINED,
}
ZIPF = {"zipf": 1.2, "rows": 5_000_000, "users": 300_000, "items": 100_000}
WITHOUT, WITH = "without", "with the user"
LIMIT = 3600  # seconds of one part of a case


def add_arguments(parser):
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--events", type=int, default=30, help="of each user")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--widest", type=int, default=500_000, help="events of the one user")
    parser.add_argument("--steps", type=int, default=100, help="of training")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--no-zipf", action="store_true", help="without the Zipf table")


def measure(arguments, say):
    zipf = None if arguments.no_zipf else ZIPF
    if arguments.quick:
        sizes = {"users": 200, "events": 5, "items": 100, "widest": 2000, "steps": 2}
        vars(arguments).update(sizes)
        zipf = zipf and {**zipf, "rows": 3000, "users": 100, "items": 100}
    arguments.rounds = arguments.rounds or 1
    names = ("users", "events", "items", "steps")
    table = {name: getattr(arguments, name) for name in names}
    tables, bars = [], []
    for model in arguments.models:
        case = {**table, "model": model, "arguments": MODELS[model]}
        found = {}
        for label, widest in ((WITHOUT, 0), (WITH, arguments.widest)):
            say(f"{model} {label}")
            found[label] = [run({**case, "widest": widest}) for _ in range(arguments.rounds)]
        tables += both(model, found)
        for each, most in zip(tables[-2:], (1.3, 1.2), strict=True):
            bars.append(Bar(each.title, each.ratio(WITH, WITHOUT), most))
    if zipf:
        say("ItemKNN on the Zipf table")
        found = {"Zipf": [run({**zipf, "model": "ItemKNN", "arguments": {}})]}
        tables += both("ItemKNN", found)
        bars.append(Bar("ItemKNN on the Zipf table, GiB", tables[-1].rows[0].median, 3))
    settings = {**table, "widest": arguments.widest, "rounds": arguments.rounds}
    title = "One user with very many events"
    return Report(title, settings, tables, [] if arguments.quick else bars)


def run(case):
    """Seconds of each part, and the peak in GiB; or in their place why there are none."""
    try:
        with Worker(sys.executable, "benchmarks.peers.widest_user", LIMIT) as worker:
            worker.ask("setup", id=0, case=case)
            seconds = [worker.ask("time", id=0, steps=n)["seconds"] for n in range(len(PARTS))]
            return seconds, worker.ask("memory")["peak"] / 2**30
    except PeerError as error:
        return str(error)


def both(model, found):
    """The table of times and that of memory, from the runs of each row."""
    times, peaks = [], []
    for label, runs in found.items():
        if failed := [one for one in runs if isinstance(one, str)]:
            times.append(Row(label, note=failed[0]))
            peaks.append(Row(label, note=failed[0]))
            continue
        parts = zip(PARTS, zip(*(seconds for seconds, _ in runs), strict=True), strict=True)
        note = ", ".join(f"{part} {sorted(spent)[len(spent) // 2]:.0f}" for part, spent in parts)
        times.append(Row(label, tuple(sum(seconds) for seconds, _ in runs), note))
        peaks.append(Row(label, tuple(peak for _, peak in runs)))
    reference = WITHOUT if WITHOUT in found else None
    return (
        Table(f"{model}, time", "seconds of processor", tuple(times), reference),
        Table(f"{model}, peak memory", "GiB", tuple(peaks), reference),
    )
