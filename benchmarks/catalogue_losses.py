"""Seconds and memory of a training step for each loss over the catalogue.

Every position of every history is trained. The item vectors are a table of 10,000 to 1 million
rows, trained by LazyAdam. The query is the vector of the previous item, whose cost is negligible.
Each loss runs in its own process, whose peak memory is shown, and all take turns. Invented data,
Zipf(1.2) ids, no padding.
"""

import contextlib
import sys

from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.turns import gigabytes_free
from benchmarks.runner.worker import PeerError, Worker

DIM, LENGTH = 64, 50
FULL, SAMPLED = "full softmax, AllCandidates", "sampled softmax, logQ"
LOSSES = {
    FULL: "full",
    "full softmax, all logits at once": "all_at_once",
    SAMPLED: "sampled",
    "gBCE": "gbce",
    "BCE": "bce",
}
GIB = 2**30


def add_arguments(parser):
    sizes = [10_000, 100_000, 1_000_000]
    parser.add_argument("--items", type=int, nargs="+", default=sizes)
    parser.add_argument("--batch", type=int, default=32, help="histories (default: %(default)s)")
    parser.add_argument("--negatives", type=int, default=1024, help="default: %(default)s")


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.batch, arguments.negatives = [5000], 2, 16
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 3)
    times, peaks = [], []
    for items in arguments.items:
        time, peak = measure_losses(items, arguments, say)
        title = f"{items:,} items, {arguments.batch} x {LENGTH} positions, dim {DIM}"
        times.append(Table(title, "seconds a step", time, SAMPLED))
        peaks.append(Table(title, "GiB at the peak", peak, SAMPLED))
    return Report(
        "Losses over the catalogue",
        {"items": arguments.items, "batch": arguments.batch, "length": LENGTH, "dim": DIM,
         "negatives": arguments.negatives, "rounds": arguments.rounds},
        [*times, *peaks],
        [] if arguments.quick else bars(dict(zip(arguments.items, peaks, strict=True))),
        [
            f"The sampled losses share {arguments.negatives:,} negatives in the whole batch.",
            "The peak is that of the process, with TensorFlow, the table and Adam's two slots.",
        ],
    )  # fmt: skip


def measure_losses(items, arguments, say):
    """Rows of seconds and rows of GiB for one catalogue size."""
    samples, peaks, reasons, steps = {}, {}, {}, {}
    with contextlib.ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(sys.executable, "benchmarks.peers.catalogue_losses"))
            for name in LOSSES
        }
        for name, loss in LOSSES.items():
            say(f"{items:,} items: {name}")
            case = {"loss": loss, "items": items, "batch": arguments.batch, "length": LENGTH,
                    "dim": DIM, "negatives": arguments.negatives}  # fmt: skip
            try:
                check_memory(case)
                workers[name].ask("setup", id=0, case=case)
                taken = workers[name].ask("time", id=0, steps=1)["seconds"]
            except PeerError as error:
                reasons[name] = str(error)
                continue
            steps[name] = max(1, min(100, round(1 / taken)))
            samples[name] = []
        for _ in range(arguments.rounds):
            for name in list(samples):
                try:
                    taken = workers[name].ask("time", id=0, steps=steps[name])["seconds"]
                    samples[name].append(taken / steps[name])
                    peaks[name] = workers[name].ask("memory")["peak"] / GIB
                except PeerError as error:
                    reasons[name] = str(error)
                    del samples[name]
    found = [
        (Row(name, note=reasons[name]),) * 2
        if name in reasons
        else (Row(name, tuple(samples[name])), Row(name, (peaks[name],)))
        for name in LOSSES
    ]
    return tuple(zip(*found, strict=True))


def check_memory(case):
    """Raises if logits, probabilities and their gradient would not fit into memory."""
    needed = 3 * 4 * case["items"] * case["batch"] * case["length"] / 1e9
    if case["loss"] == "all_at_once" and needed > 0.6 * gigabytes_free():
        raise PeerError(f"needs about {needed:.0f} GB, {gigabytes_free():.0f} GB are free")


def bars(peaks):
    table = peaks.get(1_000_000)
    peak = table.row(FULL).median if table else None
    return [Bar("full softmax over 1,000,000 items, GiB at the peak", peak, 12)]
