"""Reads one table: Arrow alone, DuckDB, or kerasrec's interactions."""

import time

IDS = ("user", "item")


def setup(case):
    """Imports what the case reads with; reading is what is measured.

    Case: `how`: "arrow", "arrow csv", "duckdb", "parquet" or "csv", and `path`. With `steps` 0 the
    answer is the seconds of processor that the last reading took: a busy machine does not change
    them much.
    """
    read = {
        "arrow": arrow,
        "arrow csv": arrow_csv,
        "duckdb": duckdb_codes,
        "parquet": interactions,
        "csv": interactions,
    }[case["how"]]
    if read is interactions:
        import kerasrec.data.interactions  # noqa: F401
    elif read is duckdb_codes:
        import duckdb  # noqa: F401
    else:
        import pyarrow.csv
        import pyarrow.parquet  # noqa: F401

    busy = 0.0

    def run(steps):
        nonlocal busy
        if not steps:
            return busy
        start, busy = time.perf_counter(), -time.process_time()
        read(case["path"])
        busy += time.process_time()
        return time.perf_counter() - start

    return run


def arrow(path):
    """The bound: the columns as Arrow reads them, ids as dictionary arrays."""
    import pyarrow.parquet

    return encoded(pyarrow.parquet.read_table(path, columns=[*IDS, "timestamp"]))


def arrow_csv(path):
    from pyarrow import csv

    options = csv.ConvertOptions(include_columns=[*IDS, "timestamp"])
    return encoded(csv.read_csv(path, convert_options=options))


def encoded(table):
    ids = [table[name].dictionary_encode().combine_chunks() for name in IDS]
    return [*ids, table["timestamp"]]


def duckdb_codes(path):
    """Codes in any order; those of first appearance, as we have them, would cost more."""
    import duckdb

    database = duckdb.connect()
    for name in IDS:
        database.sql(
            f"create temp table {name}s as select name, row_number() over () as code "
            f"from (select distinct {name} as name from '{path}')"
        )
    return database.sql(
        f"select users.code as user_code, items.code as item_code, timestamp from '{path}' log "
        "join users on log.user = users.name join items on log.item = items.name"
    ).fetchnumpy()


def interactions(path):
    from kerasrec.data.interactions import Interactions

    read = Interactions.from_parquet if path.endswith(".parquet") else Interactions.from_csv
    return read(path)
