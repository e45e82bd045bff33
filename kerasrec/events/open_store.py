"""Opens a store by its URL."""

from kerasrec.errors import InputError


def open_store(url, limit=None):
    """Returns the `EventStore` of a URL.

    Args:
        url: `sqlite:///events.db` for a file in the working folder and `sqlite:////var/events.db`
            for an absolute path; `postgresql://user@host/database`; `parquet:FOLDER` for a folder
            that `export_events` wrote, which takes no new events.
        limit: Bytes from which on nothing is appended; None for no limit.

    Raises:
        InputError: for another URL, or a store that cannot be opened.

    >>> open_store("redis://localhost")
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: events: expected sqlite:///PATH, postgresql://HOST/DATABASE or \
parquet:FOLDER, got 'redis://localhost'
    """
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest.startswith("///") and rest[3:]:
        from kerasrec.events.sqlite_store import SqliteStore

        return SqliteStore(rest[3:], limit)
    if scheme in ("postgresql", "postgres") and rest.startswith("//"):
        from kerasrec.events.postgres_store import PostgresStore

        return PostgresStore(url, limit)
    if scheme == "parquet" and rest:
        from kerasrec.events.parquet_store import ParquetStore

        return ParquetStore(rest)
    raise InputError(
        "events: expected sqlite:///PATH, postgresql://HOST/DATABASE or parquet:FOLDER, got "
        f"{url!r:.80}"
    )
