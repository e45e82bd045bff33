"""Examples a second of click-through models, beside the same models in plain PyTorch.

DeepFM and DCN with 10 and 40 fields of 10,000 rows, and a step of one field of 10,000 to 10 million
rows. Ids are Zipf(1.2); those of the large field are drawn from 10,000 rows and spread over all, so
that each size has as many distinct ids a batch. Keras is timed in `model.fit`, overhead included,
PyTorch in a plain training loop, with a table a field and Adam, and with one table for all fields
and SparseAdam; DeepCTR-Torch by its own `fit`. The data is in memory. All implementations of a
model take turns in one run.
"""

from benchmarks.runner.report import Bar, Report, Table
from benchmarks.runner.turns import Peer, Turns
from benchmarks.runner.worker import add_pythons

OURS = "kerasrec, 16 a call"
TORCH = {
    "a table a field": "torch, a table a field, Adam",
    "one table": "torch, one table, SparseAdam",
}
DEEPCTR = "DeepCTR-Torch, its own fit, Adam"
SIZES = {"dim": 16, "mlp": (256, 128)}


def add_arguments(parser):
    parser.add_argument("--models", nargs="*", default=["DeepFM", "DCN"])
    parser.add_argument("--fields", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[10_000, 10_000_000], help="of the one large field"
    )
    add_pythons(parser, ["torch"])


def measure(arguments, say):
    rows = 10_000
    if arguments.quick:
        arguments.fields, arguments.batch, arguments.rows, rows = [3], 64, [100, 300], 100
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    tables, bars = [], []
    with Turns(arguments, 0.02 if arguments.quick else 1.0, say) as turns:
        for model in arguments.models:
            for fields in arguments.fields:
                case = {"model": model, "fields": fields, "rows": rows, **SIZES}
                title = f"{model}, {fields} fields"
                found, _ = turns.measure(
                    title,
                    peers_of({**case, "batch": arguments.batch}),
                    lambda seconds, steps: seconds / steps / arguments.batch * 1e6,
                )
                table = Table(title, "us an example", found, OURS)
                tables.append(table)
                bars.append(Bar(f"{title}: kerasrec / the faster torch", slower(table), 1.5))
                deepctr = table.ratio(OURS, DEEPCTR)
                bars.append(Bar(f"{title}: kerasrec / DeepCTR-Torch", deepctr, 3))
        if len(arguments.rows) > 1:
            tables.append(scaling := scaling_table(turns, arguments))
            large, small = (f"{pick(arguments.rows):,} rows" for pick in (max, min))
            bars.append(Bar(f"a step: {large} / {small}", scaling.ratio(large, small), 1.3))
    return Report(
        "Training of click-through models",
        {"fields": arguments.fields, "batch": arguments.batch, "rows": rows, **SIZES},
        tables,
        [] if arguments.quick else bars,
        [
            "A million divided by microseconds an example is examples a second.",
            "PyTorch runs with one thread or all, whichever was faster in the warm-up.",
        ],
    )


def peers_of(case):
    ours = {**case, "steps_per_execution": 16}
    return [
        Peer(OURS, "keras", "keras_rankers", ours, multiple=16),
        *(
            Peer(label, "torch", "torch_rankers", {**case, "tables": tables})
            for tables, label in TORCH.items()
        ),
        Peer(DEEPCTR, "torch", "deepctr_rankers", case),
    ]


def slower(table):
    """Our time divided by that of the faster PyTorch; None where there is none."""
    ratios = [table.ratio(OURS, name) for name in TORCH.values()]
    return max((ratio for ratio in ratios if ratio is not None), default=None)


def scaling_table(turns, arguments):
    """Measures a field of each size in turns."""
    sizes = {"dim": SIZES["dim"], "batch": arguments.batch, "fields": 1, "steps_per_execution": 16}
    sizes["drawn_from"] = min(arguments.rows)
    peers = [
        Peer(
            f"{rows:,} rows", "keras", "keras_rankers", {"model": "field", "rows": rows, **sizes},
            multiple=16, gigabytes=3 * rows * SIZES["dim"] * 4 / 1e9,
        )
        for rows in arguments.rows
    ]  # fmt: skip
    found, _ = turns.measure("one field", peers, lambda seconds, steps: seconds / steps * 1e3)
    return Table("One field, LazyAdam", "ms a step", found)
