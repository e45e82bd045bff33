"""Events in an SQLite file: the default, without a server."""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import urllib.parse

from kerasrec.errors import InputError
from kerasrec.events.sql_store import INDEXES, TABLE, SqlStore
from kerasrec.events.store_error import StoreAway, StoreFull

WAIT = 5.0  # seconds for another process that writes
# Below it a disk is full: SQLite calls some writes to a full disk an input/output error.
NEARLY_NONE = 1 << 20
CREATE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    time REAL NOT NULL, user_id TEXT, session_id TEXT, request_id TEXT, version TEXT, item TEXT,
    behavior TEXT, value REAL, shown TEXT)"""


class SqliteStore(SqlStore):
    """Events in an SQLite file, with a write-ahead log that is synced at each commit.

    Several processes of one machine may use the same file. A network file system does not do, as
    SQLite's documentation says. Deleted events are overwritten with zeros.

    Args:
        path: The file; made if missing, its folder is not.
        limit: See `SqlStore`.

    Raises:
        InputError: if it cannot be opened, or is no SQLite file.

    >>> from kerasrec.events import Event
    >>> import tempfile
    >>> with SqliteStore(pathlib.Path(tempfile.mkdtemp()) / "events.db") as store:
    ...     click = Event("interaction", "e1", 5.0, user="u", item="a", behavior="click")
    ...     store.append([click]), store.append([click]), store.read()[0][1].item
    (1, 0, 'a')
    """

    begin = "BEGIN IMMEDIATE"

    def __init__(self, path, limit=None):
        super().__init__(limit)
        self._path = pathlib.Path(path).absolute()
        self.url = f"sqlite:///{path}"
        self._file = None
        try:
            with contextlib.closing(self._open("rwc")) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(CREATE)
                for statement in INDEXES:
                    connection.execute(statement)
        except sqlite3.Error as error:
            raise InputError(f"{self.url} cannot be opened: {error}") from error
        self._file = _identity(self._path)

    def delete_users(self, users):
        deleted = super().delete_users(users)
        # What was deleted is still in the log, until its pages are written back.
        with self._writing, self._translated(), contextlib.closing(self._connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return deleted

    def _connect(self):
        # A file that was removed is not made again: its events would be acknowledged and lost.
        return self._open("rw")

    def _open(self, mode):
        url = f"file:{urllib.parse.quote(str(self._path))}?mode={mode}"
        connection = sqlite3.connect(
            url, uri=True, timeout=WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _transaction(self):
        with self._translated():
            # On Linux a removed file can still be written to.
            if _identity(self._path) != self._file:
                raise StoreAway(f"{self.url} was removed or replaced: restart what writes to it")
        with super()._transaction() as connection:
            yield connection

    def _bytes(self, connection):
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @contextlib.contextmanager
    def _translated(self):
        try:
            yield
        except sqlite3.ProgrammingError:
            raise
        except (sqlite3.Error, OSError) as error:
            full = "is full" in str(error)
            if not full and "I/O" in str(error):
                with contextlib.suppress(OSError):
                    full = shutil.disk_usage(self._path.parent).free < NEARLY_NONE
            kind = StoreFull if full else StoreAway
            raise kind(f"{self.url}: {error}") from error


def _identity(path):
    found = os.stat(path)
    return found.st_dev, found.st_ino
