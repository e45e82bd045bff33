"""The rows of an SQL query, by DuckDB."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from kerasrec.data.reading_memory import ON_DISK, SORTING
from kerasrec.errors import InputError
from kerasrec.tables.memory import GIB, free_memory

BATCH = 2**20  # rows

# What a config may do: read, and say how to reach what is read.
ALLOWED = ("SELECT", "ATTACH", "DETACH", "LOAD", "SET", "PRAGMA")


def read_sql(query: str) -> Any:
    """The result of a query as a pyarrow Table.

    DuckDB reads CSV, Parquet and JSON by itself, and Postgres, MySQL, SQLite, S3, Iceberg and
    others by its extensions. Paths in the query start at the working directory. Several statements
    are separated by semicolons; the last one gives the rows.

    >>> read_sql("select 'ann' as user, 'tea' as item").to_pylist()
    [{'user': 'ann', 'item': 'tea'}]

    Args:
        query: `attach 'shop.db' as shop (type sqlite); select * from shop.clicks`.

    Raises:
        InputError: DuckDB is not installed, the query is wrong, or it writes; the result does not
            fit into memory.
    """
    import pyarrow

    with query_result(query) as rows:
        # DuckDB 1.1 knows it by an older name.
        read = getattr(rows, "to_arrow_reader", None) or rows.fetch_arrow_reader
        reader, batches, count = read(BATCH), [], 0
        # How large a result is nobody knows before it is there.
        for batch in reader:
            batches.append(batch)
            count += len(batch)
            needed, free = batch.nbytes + count * SORTING, free_memory()
            if needed > free:
                raise InputError(
                    f"sql: after {count:,} rows of the result {free / GIB:,.1f} GiB of memory are "
                    f"free, and reading on takes {needed / GIB:,.1f} GiB. {ON_DISK}"
                )
        return pyarrow.Table.from_batches(batches, reader.schema)


@contextlib.contextmanager
def query_result(query: str, config: Mapping[str, str] | None = None) -> Iterator[Any]:
    """The result of a query as a relation of DuckDB: names and types are known, no row is read.

    Args:
        query: see `read_sql`.
        config: of DuckDB.

    Raises:
        InputError: see `read_sql`; also what fails within the block.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError(
            'data.sql needs DuckDB, which is not installed: pip install "kerasrec[sql]".'
        ) from None
    with duckdb.connect(config=dict(config or {})) as database:
        try:
            statements = duckdb.extract_statements(query)
            for statement in statements:
                kind = statement.type.name
                if kind not in ALLOWED:
                    raise InputError(
                        f"sql: {kind} is not run: a source of data is read only. Expected "
                        f"{', '.join(ALLOWED)}, got: {statement.query.strip():.80}"
                    )
            if not statements or statements[-1].type.name != "SELECT":
                raise InputError(f"sql: the last statement must be a SELECT, got: {query:.80}")
            for statement in statements[:-1]:
                database.execute(statement)
            yield database.sql(statements[-1].query)
        except duckdb.Error as error:
            raise InputError(f"sql: {error}") from error
