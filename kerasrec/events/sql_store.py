"""Events in one table of an SQL database."""

import abc
import contextlib
import datetime
import threading

from kerasrec.events.event_row import COLUMNS, from_row, to_row
from kerasrec.events.event_store import PAGE, EventStore, check_one
from kerasrec.events.store_error import StoreAway, StoreFull

TABLE = "kerasrec_events"
NAMES = ", ".join(COLUMNS)
INDEXES = (
    f"CREATE INDEX IF NOT EXISTS {TABLE}_time ON {TABLE} (time)",
    *(
        f"CREATE INDEX IF NOT EXISTS {TABLE}_{name} ON {TABLE} ({name}_id, time) "
        f"WHERE {name}_id IS NOT NULL"
        for name in ("user", "session", "request")
    ),
)
INSERT = (
    f"INSERT INTO {TABLE} ({NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    "ON CONFLICT (event_id) DO NOTHING"
)
DELETE = f"DELETE FROM {TABLE} WHERE seq IN "
OLD = DELETE + f"(SELECT seq FROM {TABLE} WHERE time < ? ORDER BY time LIMIT ?)"
OF_USER = f"""{DELETE}(
  WITH own AS (SELECT seq, session_id, request_id FROM {TABLE} WHERE user_id = ?),
    visits AS (SELECT seq, request_id FROM {TABLE} WHERE user_id IS NULL AND session_id IN
      (SELECT session_id FROM own WHERE session_id IS NOT NULL)),
    shown AS (SELECT request_id FROM own WHERE request_id IS NOT NULL
      UNION SELECT request_id FROM visits WHERE request_id IS NOT NULL),
    clicks AS (SELECT seq FROM {TABLE} WHERE user_id IS NULL AND request_id IN
      (SELECT request_id FROM shown))
  SELECT seq FROM own UNION SELECT seq FROM visits UNION SELECT seq FROM clicks)"""


class SqlStore(EventStore):
    """A store in one table; the drivers are those of the subclasses.

    One connection writes, under a lock; each reader borrows one of its own. A connection that
    failed is closed, and the next call opens another.

    Args:
        limit: Bytes of `size` from which on nothing is appended; None for no limit.
    """

    begin = "BEGIN"
    day = "CAST(time / 86400 AS INTEGER)"

    def __init__(self, limit=None):
        self._limit, self._closed = limit, False
        self._writer, self._writing = None, threading.Lock()
        self._readers, self._lending = [], threading.Lock()

    @abc.abstractmethod
    def _connect(self):
        """Opens a connection without implicit transactions."""

    @abc.abstractmethod
    def _translated(self):
        """A context that turns the errors of the driver into a `StoreError`."""

    @abc.abstractmethod
    def _bytes(self, connection):
        """As `size`, with an open connection."""

    def _insert(self, connection, rows):
        """Inserts rows and returns how many were new."""
        return connection.executemany(INSERT, rows).rowcount

    def _delete(self, connection, statement, arguments):
        """Runs a DELETE and returns the number of rows."""
        return self._run(connection, statement, arguments).rowcount

    def _run(self, connection, statement, arguments=()):
        return connection.execute(statement, arguments)

    def append_all(self, batches):
        rows = [[to_row(event) for event in batch] for batch in batches]
        with self._transaction() as connection:
            if self._limit is not None and self._bytes(connection) >= self._limit:
                raise StoreFull(
                    f"{self.url} has reached its limit of {self._limit / 2**20:,.1f} MiB: raise "
                    "the limit, or keep events for a shorter time"
                )
            return [self._insert(connection, some) if some else 0 for some in rows]

    def read(self, after=0, limit=PAGE, since=None, until=None, kind=None):
        where, arguments = ["seq > ?"], [after]
        for condition, value in (("time >= ?", since), ("time < ?", until), ("kind = ?", kind)):
            if value is not None:
                where.append(condition)
                arguments.append(value)
        statement = f"SELECT seq, {NAMES} FROM {TABLE} WHERE {' AND '.join(where)} ORDER BY seq"
        rows = self.ask(f"{statement} LIMIT ?", [*arguments, limit])
        return [(cursor, from_row(row)) for cursor, *row in rows]

    def recent(self, user=None, session=None, limit=100, kind=None):
        check_one(user, session)
        column, value = ("user_id", user) if session is None else ("session_id", session)
        where, arguments = f"{column} = ?", [value]
        if kind is not None:
            where, arguments = f"{where} AND kind = ?", [value, kind]
        statement = f"SELECT {NAMES} FROM {TABLE} WHERE {where} ORDER BY time DESC, seq DESC"
        return [from_row(row) for row in self.ask(f"{statement} LIMIT ?", [*arguments, limit])]

    def delete_users(self, users):
        deleted = 0
        for user in users:
            with self._transaction() as connection:
                deleted += self._delete(connection, OF_USER, [user])
        return deleted

    def delete_before(self, time, most=10_000):
        with self._transaction() as connection:
            return self._delete(connection, OLD, [time, most])

    def counts(self):
        rows = self.ask(
            f"SELECT kind, {self.day}, version, count(*) FROM {TABLE} GROUP BY 1, 2, 3", []
        )
        found = [(kind, as_day(day), version, number) for kind, day, version, number in rows]
        return sorted(found, key=lambda row: (row[0], row[1], row[2] or ""))

    def last_cursor(self):
        ((last,),) = self.ask(f"SELECT max(seq) FROM {TABLE}", [])
        return last or 0

    def size(self):
        with self._reading() as connection:
            return self._bytes(connection)

    def execute(self, *statements):
        """Runs pairs of a statement and its arguments in one transaction."""
        with self._transaction() as connection:
            for statement, arguments in statements:
                self._run(connection, statement, arguments)

    def close(self):
        with self._writing, self._lending:
            self._closed = True
            for connection in [*self._readers, *([self._writer] if self._writer else [])]:
                connection.close()
            self._readers, self._writer = [], None

    def ask(self, statement, arguments=()):
        """Returns the rows of a SELECT with `?` for each argument, for other tables as well."""
        try:
            return self._fetch(statement, arguments)
        except StoreAway:  # the connection may be from before a restart of the database
            return self._fetch(statement, arguments)

    def _fetch(self, statement, arguments):
        with self._reading() as connection:
            return self._run(connection, statement, arguments).fetchall()

    @contextlib.contextmanager
    def _transaction(self):
        """The connection that writes, in a transaction that is on the disk when the block ends."""
        with self._writing, self._translated():
            self._check_open()
            connection, self._writer = self._writer, None
            connection = connection or self._connect()
            try:
                self._run(connection, self.begin)
                yield connection
                self._run(connection, "COMMIT")
            except BaseException:
                with contextlib.suppress(Exception):
                    connection.close()
                raise
            self._writer = connection

    @contextlib.contextmanager
    def _reading(self):
        with self._translated():
            with self._lending:
                self._check_open()
                connection = self._readers.pop() if self._readers else None
            connection = connection or self._connect()
            try:
                yield connection
            except BaseException:
                with self._lending:
                    others, self._readers = self._readers, []
                for one in (connection, *others):
                    with contextlib.suppress(Exception):
                        one.close()
                raise
            with self._lending:
                if self._closed:
                    connection.close()
                else:
                    self._readers.append(connection)

    def _check_open(self):
        if self._closed:
            raise RuntimeError(f"the store {self.url} is closed")


def as_day(number):
    """The day of UTC that is a number of days after 1970-01-01.

    >>> as_day(365)
    '1971-01-01'
    """
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=number)).isoformat()
