"""Milliseconds of a training step: one embedding table, `Dense(1)`, mean squared error.

Tables of 10,000 to 10 million rows and batches of Zipf(1.2) ids; popular ids are scattered over the
table. Keras is timed in `model.fit` with all its overhead, PyTorch in a plain training loop. The
data is in memory. All implementations for a table take turns in one run.
"""

import dataclasses

from benchmarks.runner.report import Bar, Report, Table
from benchmarks.runner.turns import Peer, Turns
from benchmarks.runner.worker import add_pythons

DIM = 64
OURS = "LazyAdam, 16 a call"
TORCH = "torch SparseAdam"
# Peak memory in multiples of the table: weights, slots, and temporary tensors of a step.
TABLES = {
    **{"LazyAdam": 3, "RowwiseAdagrad": 1.1, "SparseAdagrad": 2, "SparseSGD": 1},
    **{"stock Adam": 6, "stock Adagrad": 5, "SparseAdam": 3, "Adam": 5, "Adam fused": 4},
    **{"FBGEMM rowwise Adagrad": 2.1, "FBGEMM Adagrad": 4},
}
STOCK = ("stock Adam", "stock Adagrad")
KERASREC = ("LazyAdam", "RowwiseAdagrad", "SparseAdagrad", "SparseSGD")
IN_TORCH = [name for name in TABLES if name not in STOCK + KERASREC]


def add_arguments(parser):
    sizes = [10_000, 100_000, 1_000_000, 10_000_000]
    parser.add_argument("--rows", type=int, nargs="+", default=sizes)
    parser.add_argument("--batch", type=int, nargs="+", default=[1024, 8192])
    parser.add_argument(
        "--peers",
        nargs="+",
        metavar="WORD",
        help="only peers whose name contains one of these words: LazyAdam torch",
    )
    add_pythons(parser, ["torch"])


def peers_of(rows, batch):
    case = {"rows": rows, "dim": DIM, "batch": batch, "start": 0}

    def gigabytes(name):
        return TABLES[name] * rows * DIM * 4 / 1e9

    def keras_peer(label, name, **options):
        return Peer(
            label, "keras", "keras_tables", {**case, "optimizer": name, **options},
            f"{name} {rows}", options.get("steps_per_execution", 1), gigabytes(name),
        )  # fmt: skip

    for name in KERASREC:
        for steps in (16, 1):
            yield keras_peer(f"{name}, {steps} a call", name, steps_per_execution=steps)
    for name in STOCK:
        for jit in (False, True):
            yield keras_peer(f"{name.replace('stock', 'Keras')}{', jit' * jit}", name, jit=jit)
    for name in IN_TORCH:
        label = name if name.startswith("FBGEMM") else f"torch {name}"
        yield Peer(
            label, "torch", "torch_tables", {**case, "optimizer": name},
            f"torch {name} {rows}", gigabytes=gigabytes(name),
        )  # fmt: skip


def select_peers(peers, words):
    return [p for p in peers if not words or any(word in p.name for word in words)]


def with_suffix(peers, suffix):
    """The same peers with a suffix, since names in one measurement must be unique."""
    return [dataclasses.replace(peer, name=peer.name + suffix) for peer in peers]


def measure(arguments, say):
    if arguments.quick:
        arguments.rows, arguments.batch = [1000, 3000], [64]
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    tables, notes = {}, []
    with Turns(arguments, 0.02 if arguments.quick else 0.4, say) as turns:
        for rows in arguments.rows:
            # All batch sizes are measured together: they share the weights of a large table.
            cell = [
                peer
                for batch in arguments.batch
                for peer in with_suffix(
                    select_peers(peers_of(rows, batch), arguments.peers), f" @{batch}"
                )
            ]
            found, together = turns.measure(f"{rows:,} rows", cell, milliseconds)
            for batch in arguments.batch:
                title = f"{rows:,} rows x {DIM}, batch {batch:,}"
                own = [row for row in found if row.name.endswith(f" @{batch}")]
                own = [dataclasses.replace(row, name=row.name.rpartition(" @")[0]) for row in own]
                tables[rows, batch] = Table(title, "ms a step", tuple(own), OURS)
            if not together:
                notes.append(
                    f"{rows:,} rows: the tables do not fit in memory together. Optimizers were "
                    "measured one after the other, so slow moments affect them differently."
                )
        scaling = scaling_table(turns, arguments) if len(arguments.rows) > 1 else None
    return Report(
        "A training step of one embedding table",
        {"dim": DIM, "rows": arguments.rows, "batch": arguments.batch, "rounds": arguments.rounds},
        [*tables.values(), *([scaling] if scaling else [])],
        [] if arguments.quick else bars(tables, scaling, arguments),
        [
            *notes,
            '"16 a call" is steps_per_execution=16, what `kerasrec fit` does.',
            "FBGEMM has no Adam on a CPU: its table uses the named rule, the head Adam.",
            "PyTorch and FBGEMM run with one thread or all, whichever was faster in the warm-up.",
        ],
    )


def milliseconds(seconds, steps):
    return seconds / steps * 1e3


def scaling_table(turns, arguments):
    """Measures the smallest and the largest table in turns, for a stable ratio."""
    ends = min(arguments.rows), max(arguments.rows)
    batch = min(arguments.batch)
    wanted = [f"{name}, {steps} a call" for name in ("LazyAdam", "RowwiseAdagrad")
              for steps in (16, 1)]  # fmt: skip
    peers = []
    for rows in ends:
        own = [peer for peer in peers_of(rows, batch) if peer.name in wanted]
        peers += with_suffix(select_peers(own, arguments.peers), f", {rows:,} rows")
    if not peers:
        return None
    title = f"{ends[0]:,} and {ends[1]:,} rows in turns, batch {batch:,}"
    found, _ = turns.measure(title, peers, milliseconds)
    return Table(title, "ms a step", found)


def bars(tables, scaling, arguments):
    found = []
    ends = min(arguments.rows), max(arguments.rows)
    for name in ("LazyAdam", "RowwiseAdagrad") if scaling else ():
        for steps in (16, 1):
            label = f"{name}, {steps} a call"
            small, large = (f"{label}, {rows:,} rows" for rows in ends)
            says = f"{label}: {ends[1]:,} rows / {ends[0]:,} rows"
            found.append(Bar(says, scaling.ratio(large, small), 1.3))
    for (rows, _), table in tables.items():
        if rows == 1_000_000:
            # The faster of the two; the slower one would favour LazyAdam.
            ratios = [table.ratio(name, OURS) for name in ("Keras Adam", "Keras Adam, jit")]
            ratios = [ratio for ratio in ratios if ratio is not None]
            found.append(
                Bar(
                    f"Keras Adam (the faster of jit on and off) / LazyAdam, {table.title}",
                    min(ratios, default=None), 50, at_least=True,
                )
            )  # fmt: skip
        says = f"LazyAdam / torch SparseAdam, {table.title}"
        found.append(Bar(says, table.ratio(OURS, TORCH), 1.0))
    return found
