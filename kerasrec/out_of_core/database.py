"""DuckDB, as `prepare` uses it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.errors import InputError

# Rows of a table that needs no file, in which every statement waits for the disk.
SMALL = 200_000


@contextlib.contextmanager
def opened(folder: Path, rows: int, memory: float, threads: int | None) -> Iterator[Any]:
    """A new database in a folder, which also takes what does not fit into memory.

    Args:
        rows: of the table that it will hold.
        memory: GiB.
        threads: all cores if None.

    Raises:
        InputError: DuckDB is not installed, or fails: a full disk, too little memory.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError(
            'prepare needs DuckDB, which is not installed: pip install "kerasrec[sql]".'
        ) from None
    # Nothing that is read needs an extension: none is looked for on the network.
    config = {**limits(folder, memory, threads), "autoinstall_known_extensions": "false"}
    path = ":memory:" if rows <= SMALL else str(folder / "tables.db")
    try:
        with duckdb.connect(path, config=config) as database:
            yield database
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"prepare: DuckDB needs more than memory={memory:g} GiB: {_line(error)} Allow more, or "
            "fewer threads, each of which needs a share."
        ) from error
    except duckdb.Error as error:
        raise InputError(f"prepare: DuckDB: {_line(error)}") from error


def limits(folder: Path, memory: float, threads: int | None) -> dict[str, str]:
    """The configuration of a database that keeps to `memory` GiB and spills into a folder."""
    config = {
        "memory_limit": f"{memory * 1024:.0f}MiB",
        "temp_directory": str(folder / "spill"),
        # The place of a row in a table is its place in time.
        "preserve_insertion_order": "true",
    }
    return config if threads is None else {**config, "threads": str(threads)}


def single_row(database: Any, query: str, parameters: Any = ()) -> tuple[Any, ...]:
    """The result of a query that has one row."""
    (row,) = database.execute(query, parameters).fetchall()
    return row


def numbers(database: Any, query: str) -> np.ndarray:
    """The result of a query of one column of integers, int64."""
    (found,) = database.execute(query).fetchnumpy().values()
    return np.asarray(found).astype(np.int64)


@contextlib.contextmanager
def registered(database: Any, name: str, **columns: np.ndarray) -> Iterator[None]:
    """Columns of NumPy as a table of the database, for the length of a block."""
    import pyarrow

    database.register(name, pyarrow.table(columns))
    try:
        yield
    finally:
        database.unregister(name)


def quoted(path: Path) -> str:
    """A path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def named(column: Any) -> str:
    """A column as a name in SQL."""
    return '"' + str(column).replace('"', '""') + '"'


def _line(error: Exception) -> str:
    return str(error).partition("\n\n")[0].replace("\n", " ")
