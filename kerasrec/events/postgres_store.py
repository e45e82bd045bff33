"""Events in a PostgreSQL database."""

import contextlib
import re

from kerasrec.errors import InputError
from kerasrec.events.sql_store import INDEXES, INSERT, TABLE, SqlStore
from kerasrec.events.store_error import StoreAway, StoreFull

WAIT = 5  # seconds to connect
LOST = 10_000  # milliseconds until a silent connection counts as lost
# One row: the size of the events, and a lock that makes appends follow each other. So cursors are
# given in the order of commits; without it a reader could pass by an event that commits late.
SIZE = f"{TABLE}_size"
CREATE = (
    f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, time DOUBLE PRECISION NOT NULL, user_id TEXT, session_id TEXT,
    request_id TEXT, version TEXT, item TEXT, behavior TEXT, value DOUBLE PRECISION, shown TEXT)""",
    *INDEXES,
    f"CREATE TABLE IF NOT EXISTS {SIZE} (one INTEGER PRIMARY KEY, bytes BIGINT NOT NULL)",
    f"INSERT INTO {SIZE} VALUES (1, 0) ON CONFLICT (one) DO NOTHING",
)
# Of servers that start at the same moment only one creates the tables.
STARTING = 5_277_119_231


class PostgresStore(SqlStore):
    """Events in a table of a PostgreSQL database, by psycopg 3; any number of servers may write.

    `size` counts the rows without their indexes.

    Args:
        url: `postgresql://user@host:port/database`, with the parameters that libpq knows.
        limit: See `SqlStore`.

    Raises:
        InputError: if psycopg is not installed, or the database cannot be used.
    """

    day = "CAST(floor(time / 86400) AS BIGINT)"

    def __init__(self, url, limit=None):
        try:
            import psycopg
        except ImportError as error:
            raise InputError(
                'postgresql:// needs psycopg: run `pip install "kerasrec[postgres]"`'
            ) from error
        super().__init__(limit)
        self._psycopg, self._conninfo = psycopg, url
        self.url = without_password(url)
        try:
            with contextlib.closing(self._connect()) as connection, connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [STARTING])
                encoding = connection.execute("SHOW server_encoding").fetchone()[0]
                if encoding not in ("UTF8", "SQL_ASCII"):
                    raise InputError(f"{self.url} stores {encoding}: expected a database in UTF8")
                for statement in CREATE:
                    connection.execute(statement)
        except psycopg.Error as error:
            raise InputError(f"{self.url} cannot be opened: {_line(error)}") from error

    def _connect(self):
        connection = self._psycopg.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=WAIT,
            tcp_user_timeout=LOST,
            client_encoding="UTF8",
        )
        try:
            connection.execute("SET synchronous_commit = on")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _transaction(self):
        with super()._transaction() as connection:
            self._bytes(connection, "FOR UPDATE")
            yield connection

    def _bytes(self, connection, lock=""):
        return connection.execute(f"SELECT bytes FROM {SIZE} {lock}").fetchone()[0]

    def _run(self, connection, statement, arguments=()):
        return connection.execute(statement.replace("?", "%s"), arguments)

    def _insert(self, connection, rows):
        before = connection.execute(f"SELECT max(seq) FROM {TABLE}").fetchone()[0] or 0
        with connection.cursor() as cursor:
            cursor.executemany(INSERT.replace("?", "%s"), rows)
            new = cursor.rowcount
        connection.execute(
            f"UPDATE {SIZE} SET bytes = bytes + (SELECT coalesce(sum(pg_column_size(e.*)), 0) "
            f"FROM {TABLE} e WHERE seq > %s)",
            [before],
        )
        return new

    def _delete(self, connection, statement, arguments):
        returning = f"{statement} RETURNING pg_column_size({TABLE}.*)"
        sizes = [size for (size,) in self._run(connection, returning, arguments)]
        connection.execute(f"UPDATE {SIZE} SET bytes = bytes - %s", [sum(sizes)])
        return len(sizes)

    @contextlib.contextmanager
    def _translated(self):
        psycopg = self._psycopg
        try:
            yield
        except psycopg.errors.DiskFull as error:
            raise StoreFull(f"{self.url}: {_line(error)}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            raise StoreAway(f"{self.url}: {_line(error)}") from error


def without_password(url):
    """The URL as it may be printed.

    >>> without_password("postgresql://ann:secret@host/shop?password=secret")
    'postgresql://ann:***@host/shop?password=***'
    """
    url = re.sub(r"(//[^:/@]*:)[^@/]*@", r"\1***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", url)


def _line(error):
    return str(error).strip().partition("\n")[0] or type(error).__name__
