"""Bytes per row of a table with its optimizer's slots, compared with the arithmetic minimum.

Each case trains 20 steps in its own process. The memory of the same process with a table of 1,000
rows is subtracted. "At rest" is what the process holds afterwards; "at the peak" is the maximum,
including the creation of the table. TensorFlow's allocator rounds large blocks up by some percent;
with TF_ENABLE_ONEDNN_OPTS=0 it does not.
"""

from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.worker import PeerError, Worker, add_pythons, python_of

DIM, BATCH, STEPS, SMALL = 64, 1024, 20, 1000
# Optimizer -> library, and the minimum number of slot values per row.
SLOTS = {
    "RowwiseAdagrad": ("keras", 1),
    "LazyAdam": ("keras", 2 * DIM),
    "SparseAdagrad": ("keras", DIM),
    "SparseSGD": ("keras", 0),
    "stock Adam": ("keras", 2 * DIM),
    "stock Adagrad": ("keras", DIM),
    "SparseAdam": ("torch", 2 * DIM),
    "Adam": ("torch", 2 * DIM),
    "FBGEMM rowwise Adagrad": ("torch", 1),
}
AT_10M = ("RowwiseAdagrad", "LazyAdam", "SparseSGD", "SparseAdam")


def add_arguments(parser):
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    add_pythons(parser, ["torch"])


def label_of(name):
    library, _ = SLOTS[name]
    if library == "torch" and " " not in name:
        return f"torch {name}"
    return name.replace("stock", "Keras")


def train_table(name, rows, arguments):
    """Memory of a new process after it has trained a table."""
    library, _ = SLOTS[name]
    module = f"benchmarks.peers.{library}_tables"
    case = {"optimizer": name, "rows": rows, "dim": DIM, "batch": BATCH, "start": 0.05}
    with Worker(python_of(library, arguments), module) as worker:
        worker.ask("setup", id=0, case=case)
        worker.ask("time", id=0, steps=STEPS)
        return worker.ask("memory")


def measure(arguments, say):
    if arguments.quick:
        arguments.rows = [100_000]
    arguments.rounds = arguments.rounds or 1
    tables, peaks, rests = [], {}, {}
    for rows in arguments.rows:
        found = []
        for name in AT_10M if rows >= 10_000_000 or arguments.quick else SLOTS:
            say(f"{rows:,} rows: {name}")
            least = 4 * (DIM + SLOTS[name][1])
            rest, peak = [], []
            try:
                for _ in range(arguments.rounds):
                    small, large = (train_table(name, size, arguments) for size in (SMALL, rows))
                    rest.append((large["resident"] - small["resident"]) / (rows - SMALL))
                    peak.append((large["peak"] - small["peak"]) / (rows - SMALL))
                    whole = max(peaks.get((name, rows), 0), large["peak"] / 2**30)
                    peaks[name, rows] = whole
            except PeerError as error:
                found.append(Row(label_of(name), note=str(error)))
                continue
            rests[name, rows] = sorted(rest)[len(rest) // 2]
            whole = f"whole process {peaks[name, rows]:.2f} GiB"
            minimum = f"minimum {least}"
            found.append(Row(f"{label_of(name)}, at rest", tuple(rest), minimum, least))
            found.append(Row(f"{label_of(name)}, at the peak", tuple(peak), whole, least))
        title = f"{rows:,} rows x {DIM}, batch {BATCH:,}"
        tables.append(Table(title, "bytes a row", tuple(found), "the minimum"))
    return Report(
        "Memory of one embedding table in training",
        {"dim": DIM, "batch": BATCH, "steps": STEPS, "rows": arguments.rows},
        tables,
        [] if arguments.quick else bars(arguments.rows, rests, peaks),
    )


def bars(sizes, rests, peaks):
    rows = max(sizes)  # the largest table, where constant memory matters least
    rest, table = (rests.get((name, rows)) for name in ("RowwiseAdagrad", "SparseSGD"))
    peak = peaks.get(("RowwiseAdagrad", rows))
    found = [
        Bar(
            f"RowwiseAdagrad / SparseSGD, which has no slots, {rows:,} rows at rest",
            rest and table and rest / table,
            1.03,
        )
    ]
    if rows == 10_000_000:
        found.append(Bar("the same: peak of the whole process, GiB", peak, 6))
    return found
