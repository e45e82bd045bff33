"""A real server that is stopped, started and filled."""

import pytest

from kerasrec.errors import InputError
from kerasrec.events import StoreAway, StoreFull, open_store
from kerasrec.events.event_log import EventLog
from kerasrec.events.postgres_store import PostgresStore

pytestmark = pytest.mark.slow


def test_a_stopped_server_is_away_and_events_wait_for_it(postgres, click):
    url, lines = postgres.database(), []
    with EventLog(open_store(url), say=lines.append) as log:
        assert log.add([click("1")]).result(30) == 1
        postgres.stop()
        try:
            with pytest.raises(StoreAway, match="postgresql://tester@127.0.0.1"):
                log.store.read()
            with pytest.raises(InputError, match="cannot be opened: connection"):
                open_store(url)
            waiting = log.add([click("1"), click("2")])
            # Until it was tried, and failed.
            while not lines:
                assert not waiting.done()
        finally:
            postgres.start()
        assert waiting.result(30) == 1
        assert [event.id for _, event in log.store.read()] == ["1", "2"]
        assert "StoreAway" in lines[0] and lines[-1] == "events: the store works again"


def test_a_reader_outlives_connections_that_were_ended(postgres, click):
    import psycopg

    url = postgres.database()
    with open_store(url) as store:
        store.append([click("1")])
        assert len(store.read()) == 1
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert len(store.read()) == 1


def test_a_full_disk_is_told_from_a_server_that_is_away(postgres, click, monkeypatch):
    import psycopg

    with open_store(postgres.database()) as store:
        store.append([click("1")])

        def full(*_):
            raise psycopg.errors.DiskFull("could not extend file: No space left on device\nHINT")

        with monkeypatch.context() as patch:
            patch.setattr(PostgresStore, "_insert", full)
            with pytest.raises(StoreFull, match="could not extend file: No space left on device$"):
                store.append([click("2")])
        assert store.append([click("2")]) == 1 and len(store.read()) == 2


def test_another_encoding_is_refused(postgres):
    import psycopg

    url = postgres.database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    url = url.rpartition("/")[0] + "/latin"
    with pytest.raises(InputError, match="stores LATIN1: expected a database in UTF8"):
        open_store(url)


def test_passwords_are_not_shown():
    with pytest.raises(InputError) as error:
        open_store("postgresql://ann:secret@127.0.0.1:1/shop?password=secret")
    assert "secret" not in str(error.value) and "ann" in str(error.value)
