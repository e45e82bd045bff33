"""What may happen to a file and a disk."""

import contextlib
import os
import shutil
import sqlite3
import subprocess

import pytest

from kerasrec.errors import InputError
from kerasrec.events import StoreAway, StoreFull, open_store


@pytest.fixture
def file(tmp_path):
    return tmp_path / "events ü?.db"


def many(click, start, number=200):
    return [click(f"{start + n}", item="x" * 500) for n in range(number)]


def stored(store):
    return {event.id for _, event in store.read(limit=100_000)}


def fill(store, click):
    """Appends until the disk is full; the ids that were acknowledged."""
    acknowledged = set()
    with pytest.raises(StoreFull, match="is full|I/O error"):
        for start in range(0, 100_000, 200):
            events = many(click, start)
            store.append(events)
            acknowledged |= {event.id for event in events}
    return acknowledged


def test_a_full_disk_keeps_what_was_acknowledged_and_nothing_else(tmp_path, click):
    """A real one: a small tmpfs."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if os.getuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("NOT TESTED: a full disk needs root, to mount a small tmpfs")
    try:
        with open_store(f"sqlite:///{place}/events.db") as store:
            acknowledged = fill(store, click)
            assert acknowledged and stored(store) == acknowledged
            with pytest.raises(StoreFull):
                store.append(many(click, 200_000, 1000))
        with open_store(f"sqlite:///{place}/events.db") as store:
            assert stored(store) == acknowledged
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_the_most_pages_of_a_file(file, click, monkeypatch):
    connect = sqlite3.connect

    def small(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 500")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with open_store(f"sqlite:///{file}") as store:
        acknowledged = fill(store, click)
        assert acknowledged and stored(store) == acknowledged
        # Where events were deleted there is room again.
        store.delete_before(1e9, most=1000)
        assert store.append(many(click, 200_000)) == 200


def test_a_removed_file_takes_no_events(file, click):
    """Linux would write them to a file without a name."""
    with open_store(f"sqlite:///{file}") as store:
        store.append([click("1")])
        shutil.copy(file, file.with_suffix(".copy"))
        file.unlink()
        with pytest.raises(StoreAway, match="No such file"):
            store.append([click("2")])
        file.with_suffix(".copy").rename(file)
        with pytest.raises(StoreAway, match="was removed or replaced: restart"):
            store.append([click("2")])
        assert not list(file.parent.glob("*.copy"))


def test_a_locked_file_is_away_and_then_works(file, click, monkeypatch):
    monkeypatch.setattr("kerasrec.events.sqlite_store.WAIT", 0.01)
    with open_store(f"sqlite:///{file}") as store:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreAway, match="database is locked"):
                store.append([click("1")])
            other.execute("ROLLBACK")
        assert store.append([click("1")]) == 1


def test_commits_are_synced_and_deleted_people_are_overwritten(file, click):
    with open_store(f"sqlite:///{file}") as store:
        with store._transaction() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        store.append([click("1", user="someone-special"), click("2", user="v")])
        store.delete_users(["someone-special"])
        contents = b"".join(path.read_bytes() for path in file.parent.iterdir())
        assert b"someone-special" not in contents and b"interaction" in contents


def test_what_is_no_store_is_refused(file):
    file.write_text("no database at all, but a text that is longer than a header of SQLite is" * 9)
    with pytest.raises(InputError, match="cannot be opened: file is not a database"):
        open_store(f"sqlite:///{file}")


def test_a_closed_store_says_so(file, click):
    store = open_store(f"sqlite:///{file}")
    store.close()
    for call in (lambda: store.append([click("1")]), store.read):
        with pytest.raises(RuntimeError, match="is closed"):
            call()
