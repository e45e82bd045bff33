"""Reading a table with text ids: seconds and memory, compared with Arrow alone.

The bound reads the same columns by pyarrow, ids to dictionary arrays; we also find missing and
strange ids, merge duplicates, sort by time and build the vocabularies. Each case reads once in its
own process. The same table as CSV is read with six more columns of text and without them.
"""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.worker import PeerError, Worker, python_of

BOUND, OURS = "pyarrow, to dictionary arrays (the bound)", "Interactions.from_parquet"
DUCKDB = "DuckDB, codes by a join"
CSV_BOUND, CSV = "pyarrow, the same columns of CSV", "Interactions.from_csv"
WIDE = "the same with six unused columns of text"
PARQUET_CASES = {BOUND: "arrow", DUCKDB: "duckdb", OURS: "parquet"}
CSV_CASES = {CSV_BOUND: ("arrow csv", 3), CSV: ("csv", 3), WIDE: ("csv", 9)}


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--csv-rows", type=int, default=1_000_000)


def table(rows):
    """Invented interactions of rows / 10 users with rows / 100 items, at random times."""
    import pyarrow

    random, columns = np.random.default_rng(0), {}
    for name, size, skew in (("user", rows // 10, 2), ("item", rows // 100, 3)):
        codes = pyarrow.array((size * random.random(rows) ** skew).astype(np.int32))
        columns[name] = pyarrow.array([f"{name[0]}{i:08d}" for i in range(size)]).take(codes)
    columns["timestamp"] = random.integers(1_600_000_000, 1_700_000_000, rows)
    return pyarrow.table(columns)


def write(folder, arguments):
    """The files: name -> path."""
    import pyarrow
    from pyarrow import csv, parquet

    paths = {"parquet": folder / "log.parquet", 3: folder / "log.csv", 9: folder / "wide.csv"}
    parquet.write_table(table(arguments.rows), paths["parquet"])
    log = table(arguments.csv_rows)
    csv.write_csv(log, paths[3])
    for place in range(6):
        words = [f"a text of column {place}, the number {i:04d}" for i in range(1000)]
        codes = np.random.default_rng(place).integers(0, 1000, len(log))
        log = log.append_column(f"text{place}", pyarrow.array(words).take(pyarrow.array(codes)))
    csv.write_csv(log, paths[9])
    return {name: str(path) for name, path in paths.items()}


def read_once(how, path, arguments):
    """Seconds, those of processor, and GiB at the peak of a new process that reads a file."""
    with Worker(python_of("keras", arguments), "benchmarks.peers.table_readers") as worker:
        worker.ask("setup", id=0, case={"how": how, "path": path})
        seconds = worker.ask("time", id=0, steps=1)["seconds"]
        busy = worker.ask("time", id=0, steps=0)["seconds"]
        return seconds, busy, worker.ask("memory")["peak"] / 2**30


def measure(arguments, say):
    if arguments.quick:
        arguments.rows = arguments.csv_rows = 20_000
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        say("writing the tables")
        paths = write(Path(folder), arguments)
        cases = {name: (how, paths["parquet"]) for name, how in PARQUET_CASES.items()}
        tables += compare(
            f"{arguments.rows:,} rows of Parquet", cases, BOUND, rounds, say, arguments
        )
        cases = {name: (how, paths[file]) for name, (how, file) in CSV_CASES.items()}
        title = f"{arguments.csv_rows:,} rows of CSV"
        tables += compare(title, cases, CSV_BOUND, rounds, say, arguments)
    settings = {"rows": arguments.rows, "csv_rows": arguments.csv_rows, "rounds": rounds}
    return Report("Reading a table", settings, tables, [] if arguments.quick else bars(*tables))


def compare(title, cases, bound, rounds, say, arguments):
    """Tables of the times, of those of the processor, and of the memory at the peak."""
    units = ("seconds", "seconds of processor", "GiB at the peak")
    found, notes = {unit: {} for unit in units}, {}
    for turn in range(rounds):
        for name, (how, path) in cases.items():
            say(f"round {turn + 1} of {rounds}: {name}")
            try:
                numbers = read_once(how, path, arguments)
            except PeerError as error:
                notes[name] = str(error)
                continue
            for unit, number in zip(units, numbers, strict=True):
                found[unit].setdefault(name, []).append(number)
    return [
        Table(
            title,
            unit,
            tuple(Row(name, tuple(by.get(name, ())), notes.get(name, "")) for name in cases),
            bound,
        )
        for unit, by in found.items()
    ]


def bars(seconds, busy, peaks, csv_seconds, csv_busy, csv_peaks):
    return [
        Bar("time of Parquet / the bound", seconds.ratio(OURS, BOUND), 1.5),
        Bar("processor time of Parquet / the bound", busy.ratio(OURS, BOUND), 1.5),
        Bar("peak memory of Parquet / the bound", peaks.ratio(OURS, BOUND), 1.5),
        Bar("peak memory of CSV with six unused columns", csv_peaks.ratio(WIDE, CSV), 1.1),
    ]
