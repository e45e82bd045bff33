"""Time and memory of a ranker whose impressions are in memory, and on disk, as the table grows.

    python -m benchmarks impressions_scale --rows 1e6 1e7

Each step runs in a process of its own on an invented table in time order: rows / 20 users, rows /
200 items, 3 categories, 5 numbers (one of them in 20 buckets) and a click. "memory" reads the
table, splits it by time, trains an epoch of DeepFM (8 numbers, batches of 8,192) and evaluates it
on 2 % of the rows. "prepare" writes the columns as files, and "disk" does the same as "memory" with
them. "µs each" is for a row; "growth" compares it with that of 10 million rows, or of the fewest.
"peak" is the resident memory of the process, which counts pages of mapped files; "anon." is the
anonymous memory, which the system cannot take back; both, and "disk", in GiB. Imports are not
measured.
"""

import contextlib
import pathlib
import sys
import tempfile

from benchmarks.runner.growth_table import GrowthTable, PartsTable
from benchmarks.runner.report import Report
from benchmarks.scale import check_disk, count, run, table_of

MODULE = "benchmarks.peers.impressions_steps"
STEPS = ("memory", "prepare", "disk")
# Bytes of disk for a row: of the table, and at most of what the steps write.
TABLE_BYTES, STEP_BYTES = 70, 200


def add_arguments(parser):
    parser.add_argument(
        "--rows", type=count, nargs="+", default=[10**6, 10**7], metavar="N",
        help="sizes of the table, such as 1e6 1e8 (default: 1e6 1e7)",
    )  # fmt: skip
    parser.add_argument(
        "--steps", nargs="+", choices=STEPS, default=STEPS, help="what is measured (default: all)"
    )
    parser.add_argument(
        "--folder", type=pathlib.Path,
        help="where the tables are written and kept (default: a temporary one)",
    )  # fmt: skip


def measure(arguments, say):
    if arguments.quick:
        arguments.rows = [20_000]
    sizes, found = sorted(set(arguments.rows)), []
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or stack.enter_context(tempfile.TemporaryDirectory())
        folder = pathlib.Path(folder).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        check_disk(folder, sizes, TABLE_BYTES, STEP_BYTES)
        for rows in sizes:
            case = {"rows": rows, "table": str(table_of(folder, rows))}
            # Removed before the next size is measured.
            with tempfile.TemporaryDirectory(dir=folder, prefix="steps-") as results:
                case["folder"] = results
                if not pathlib.Path(case["table"]).exists():
                    say(f"{rows:,} rows: writing the table")
                    written = run("write", case, MODULE)
                    if written.note:
                        sys.exit(f"{case['table']} cannot be written: {written.note}")
                for step in arguments.steps:
                    say(f"{rows:,} rows: {step}")
                    found.append(run(step, case, MODULE))
    tables = [GrowthTable("Steps", tuple(found)), PartsTable("Seconds of each part", tuple(found))]
    title = "A ranker from a table of impressions, as it grows"
    return Report(title, {"rows": sizes}, tables, notes=[*tables[0].notes()])
