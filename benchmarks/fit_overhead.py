"""Overhead of Python and `model.fit` on a step of about a millisecond, and what reduces it.

One step of LazyAdam on a table of 10,000 rows x 64 with `Dense(1)`, in four ways: `model.fit`, a
loop over its `train_function`, a `tf.function` of `train_step`, and all steps in one graph on one
batch in memory. The last is the floor, without Python and input.
"""

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.turns import Peer, Turns

CASE = {"optimizer": "LazyAdam", "rows": 10_000, "dim": 64, "start": 0}
FLOOR = "one graph, no input"
NAMES = {
    "fit": "model.fit",
    "train_function": "train_function in a loop",
    "function": "tf.function of train_step in a loop",
}


def add_arguments(parser):
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 4, 16, 64])


def measure(arguments, say):
    if arguments.quick:
        arguments.batch, arguments.steps = 64, [1, 4]
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    tables = []
    with Turns(arguments, 0.02 if arguments.quick else 0.25, say) as turns:
        for jit in (False, True):
            for prefetch in (True, False):
                switches = f"jit {on_or_off(jit)}, prefetch {on_or_off(prefetch)}"
                title = f"{switches}, batch {arguments.batch:,}"
                peers = list(peers_of(arguments, jit, prefetch))
                found, _ = turns.measure(title, peers, lambda seconds, n: seconds / n * 1e3)
                table = Table(title, "ms a step", found, FLOOR)
                tables.append(Table(title, "ms a step", with_shares(table), FLOOR))
    return Report(
        "Overhead of fit per step",
        {**CASE, "batch": arguments.batch, "rounds": arguments.rounds},
        tables,
        notes=[
            "a call: steps_per_execution. A share is 1 - floor / time of its row.",
            verdict(tables),
        ],
    )


def on_or_off(value):
    return "on" if value else "off"


def peers_of(arguments, jit, prefetch):
    case = {**CASE, "batch": arguments.batch, "jit": jit, "prefetch": prefetch}

    def peer(name, path, steps):
        own = {**case, "path": path, "steps_per_execution": steps}
        return Peer(name, "keras", "keras_paths", own, multiple=steps, gigabytes=0.01)

    yield peer(FLOOR, "graph", 1)
    for path, name in NAMES.items():
        for steps in arguments.steps:
            yield peer(f"{name}, {steps} a call", path, steps)


def with_shares(table):
    rows = []
    for row in table.rows:
        ratio = table.ratio(row.name, FLOOR)
        share = f"{1 - 1 / ratio:.0%} is not the step" if ratio and row.name != FLOOR else ""
        rows.append(Row(row.name, row.samples, row.note or share))
    return tuple(rows)


def verdict(tables):
    """A sentence that compares the fastest measured `fit` with Keras's default."""
    fits = [
        (row.median, f"{row.name} ({table.title})")
        for table in tables
        for row in table.rows
        if row.samples and row.name.startswith(NAMES["fit"])
    ]
    if not fits:
        return "No fit was measured."
    least, name = min(fits)
    return (
        f"Fastest fit: {name}, {least:.3f} ms a step; the first row of fit above, "
        f"Keras's default, takes {fits[0][0]:.3f} ms."
    )
