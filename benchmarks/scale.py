"""Time, memory and disk of each step, from a table of interactions to an export, as it grows.

    python -m benchmarks scale --rows 1e6 1e7 1e8

Each step runs in a process of its own on an invented table: rows / 20 users, rows / 200 items, in
time order. `prepare` splits the table on disk (next item); an epoch of MatrixFactorization (32
numbers, batches of 8,192, 1,024 shared negatives) and some steps of SASRec (histories of 50,
batches of 256) train on the prepared folder; 20,000 users are ranked for, and the first model is
exported with its histories. "µs each" is for a row, for SASRec an example, in `evaluate` a user;
"growth" compares it with that of 10 million rows, or of the fewest. "peak" is the resident memory
of the process, which counts pages of mapped files; "anon." is the anonymous memory, with that of
children such as the check of an export; both, and "disk", in GiB. Imports are not measured.
"""

import argparse
import contextlib
import dataclasses
import pathlib
import shutil
import sys
import tempfile

from benchmarks.runner.anonymous_memory import AnonymousMemory
from benchmarks.runner.growth_table import GrowthTable, Measured, PartsTable
from benchmarks.runner.report import Report
from benchmarks.runner.worker import PeerError, Worker

GIB = 2**30
# Step -> the step whose result it reads.
STEPS = {
    "prepare": None,
    "fit MF": "prepare",
    "fit SASRec": "prepare",
    "evaluate": "fit MF",
    "export": "fit MF",
}
LIMIT = 12 * 3600  # seconds of one step
# Bytes of disk for a row: of the table, and at most of what the steps write.
TABLE_BYTES, STEP_BYTES = 15, 110


def add_arguments(parser):
    parser.add_argument(
        "--rows", type=count, nargs="+", default=[10**6, 10**7], metavar="N",
        help="sizes of the table, such as 1e6 1e8 (default: 1e6 1e7)",
    )  # fmt: skip
    parser.add_argument(
        "--folder", type=pathlib.Path,
        help="where the tables are written and kept (default: a temporary one)",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=float, default=3.0, help="GiB of DuckDB in prepare (default: %(default)s)"
    )
    parser.add_argument("--steps", type=int, default=200, help="of SASRec (default: %(default)s)")


def count(text):
    """A number of rows: 1000000 or 1e6."""
    value = float(text)
    if not value.is_integer() or value < 1000:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1000")
    return int(value)


def measure(arguments, say):
    if arguments.quick:
        arguments.rows, arguments.steps = [2000, 4000], 2
    sizes = sorted(set(arguments.rows))
    found, notes = [], []
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or stack.enter_context(tempfile.TemporaryDirectory())
        folder = pathlib.Path(folder).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        check_disk(folder, sizes, TABLE_BYTES, STEP_BYTES)
        for rows in sizes:
            case = {"rows": rows, "memory": arguments.memory, "steps": arguments.steps}
            case["table"] = str(table_of(folder, rows))
            # Removed before the next size is measured.
            with tempfile.TemporaryDirectory(dir=folder, prefix="steps-") as results:
                notes += write_once({**case, "folder": results}, say)
                found += measure_size({**case, "folder": results}, say)
    tables = [GrowthTable("Steps", tuple(found)), PartsTable("Seconds of each part", tuple(found))]
    settings = {"rows": sizes, "memory": arguments.memory, "steps": arguments.steps}
    title = "From a table to an export, as the table grows"
    return Report(title, settings, tables, notes=[*notes, *tables[0].notes()])


def table_of(folder, rows):
    return folder / f"table-{rows}.parquet"


def check_disk(folder, sizes, table_bytes, step_bytes):
    """Ends with the calculation if the disk is too small; bytes are for a row, see above."""
    new = sum(rows for rows in sizes if not table_of(folder, rows).exists())
    needed, free = new * table_bytes + max(sizes) * step_bytes, shutil.disk_usage(folder).free
    if needed > free:
        sys.exit(
            f"{folder}: {new:,} rows of tables x {table_bytes} bytes + {max(sizes):,} rows x "
            f"{step_bytes} bytes for the steps = {needed / GIB:,.1f} GiB are needed, and "
            f"{free / GIB:,.1f} GiB of the disk are free. Name a --folder on another disk."
        )


def write_once(case, say):
    """Writes the table if it is not there; returns a note about it."""
    table = pathlib.Path(case["table"])
    if table.exists():
        return [f"{case['rows']:,} rows: {table} was there"]
    say(f"{case['rows']:,} rows: writing the table")
    written = run("write", case)
    if written.note:
        sys.exit(f"{table} cannot be written: {written.note}")
    size, peak = table.stat().st_size / GIB, written.peak / GIB
    note = f"the table: {written.seconds:.0f} s, {size:.2f} GiB, peak {peak:.2f} GiB"
    return [f"{case['rows']:,} rows: {note}"]


def measure_size(case, say):
    """All steps at one size; a step without the one that it needs is left out."""
    found = {}
    for step, needed in STEPS.items():
        if needed and found[needed].note:
            found[step] = Measured(step, case["rows"], note=f"not run without {needed}")
            continue
        say(f"{case['rows']:,} rows: {step}")
        found[step] = run(step, case)
        if found[step].note:
            say(found[step].note)
    return found.values()


def run(step, case, module="benchmarks.peers.scale_steps"):
    """`Measured`: of a new process that runs a step of a module."""
    measured, folder = Measured(step, case["rows"]), pathlib.Path(case["folder"])
    before = size_of(folder)
    try:
        with Worker(sys.executable, module, LIMIT) as worker:
            worker.ask("setup", id=0, case={**case, "step": step})
            with AnonymousMemory(worker.process.pid) as memory:
                found = worker.ask("time", id=0, steps=1)
            peak = worker.ask("memory")["peak"]
    except PeerError as error:
        return dataclasses.replace(measured, note=str(error))
    written = size_of(folder) - before
    return dataclasses.replace(
        measured, **found, peak=peak, anonymous=memory.peak, disk=written or None
    )


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
