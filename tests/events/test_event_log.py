"""The queue in front of a store, with a store that fails on command."""

import threading

import pytest

from kerasrec.errors import InputError
from kerasrec.events import StoreAway, StoreFull, open_store
from kerasrec.events.event_log import EventLog
from kerasrec.events.sqlite_store import SqliteStore
from kerasrec.events.user_hash import UserHash


class Gated(SqliteStore):
    """Appends wait for `open`, and fail with the `error` if there is one."""

    def __init__(self, path):
        super().__init__(path)
        self.open, self.asked, self.error = threading.Event(), threading.Semaphore(0), None
        self.batches = []
        self.open.set()

    def append_all(self, batches):
        self.asked.release()
        assert self.open.wait(30)
        if self.error:
            raise self.error
        self.batches.append([[event.id for event in batch] for batch in batches])
        return super().append_all(batches)


@pytest.fixture
def gated(tmp_path):
    return Gated(tmp_path / "events.db")


def quiet(line):
    """Discards a line."""


def test_what_queues_during_a_commit_is_committed_together(gated, click):
    with EventLog(gated, say=quiet) as log:
        gated.open.clear()
        first = log.add([click("1")])
        assert gated.asked.acquire(timeout=30)
        others = [log.add([click("2"), click("1")]), log.add([click("3")])]
        assert log.status()["waiting"] == 3
        gated.open.set()
        assert first.result(30) == 1 and [one.result(30) for one in others] == [1, 1]
        assert gated.batches == [[["1"]], [["2", "1"], ["3"]]]
        status = log.status()
        assert (status["waiting"], status["waiting_bytes"], status["stored"]) == (0, 0, 4)


def test_events_wait_within_a_bound_while_the_store_is_away(gated, click):
    lines = []
    with EventLog(gated, most_bytes=1000, say=lines.append) as log:
        gated.error = StoreAway("the disk was pulled out")
        waiting = log.add([click("0")])
        for _ in range(2):  # it is tried again
            assert gated.asked.acquire(timeout=30)
        taken = [log.add([click(f"{n}")]) for n in range(1, 6)]
        with pytest.raises(StoreAway, match="KiB of events wait for the store already"):
            log.add([click("6")])
        # Who gives up makes room.
        assert taken[0].cancel()
        last = log.add([click("7")])
        log.add_or_drop([click("8"), click("9")])
        assert log.status()["dropped_impressions"] == 2
        assert log.status()["last_error"] == "StoreAway: the disk was pulled out"
        gated.error = None
        assert [one.result(30) for one in (waiting, last, *taken[1:])] == [1] * 6
        assert log.status()["last_error"] is None
        found = {event.id for _, event in gated.read()}
    assert found == {"0", "2", "3", "4", "5", "7"}
    assert lines == [
        "events: StoreAway: the disk was pulled out", "events: the store works again",
    ]  # fmt: skip


def test_a_full_store_fails_what_waits_and_is_asked_again(gated, click):
    with EventLog(gated, say=quiet) as log:
        gated.error = StoreFull("no space left")
        with pytest.raises(StoreFull):
            log.add([click("1")]).result(30)
        log.add_or_drop([click("2")])
        with pytest.raises(StoreFull):
            log.add([click("3")]).result(30)
        gated.error = None
        assert log.add([click("1")]).result(30) == 1
        assert log.status()["dropped_impressions"] == 1


def test_a_bad_batch_does_not_fail_the_others(gated, click):
    with EventLog(gated, say=quiet) as log:
        gated.open.clear()
        futures = [log.add([click("1")])]
        assert gated.asked.acquire(timeout=30)
        futures += [log.add([one]) for one in (click("2"), click("3", item=object()), click("4"))]
        gated.open.set()
        assert [futures[place].result(30) for place in (0, 1, 3)] == [1, 1, 1]
        assert futures[2].exception(30) is not None


def test_closing_stores_what_waits_or_fails_it(gated, click, tmp_path):
    gated.open.clear()
    log = EventLog(gated, say=quiet)
    future = log.add([click("1")])
    closing = threading.Thread(target=log.close)
    closing.start()
    gated.open.set()
    closing.join(30)
    assert future.result(0) == 1
    with pytest.raises(StoreAway, match="the server stops"):
        log.add([click("2")])

    away = Gated(tmp_path / "away.db")
    away.error = StoreAway("gone")
    log = EventLog(away, say=quiet)
    future = log.add([click("1")])
    log.close()
    with pytest.raises(StoreAway, match="gone"):
        future.result(0)
    assert not log.thread.is_alive()


def test_retention_deletes_by_the_time_of_events(tmp_path, click, monkeypatch):
    monkeypatch.setattr("kerasrec.events.event_log.CHUNK", 3)
    store = open_store(f"sqlite:///{tmp_path}/events.db")
    store.append([click(f"{n}", time=float(n)) for n in range(10)])
    deleted = threading.Semaphore(0)
    delete = store.delete_before

    def count(time, most):
        number = delete(time, most)
        deleted.release()
        return number

    monkeypatch.setattr(store, "delete_before", count)
    with EventLog(store, keep=100.0, clock=lambda: 107.0, say=quiet):
        for _ in range(3):
            assert deleted.acquire(timeout=30)
        assert [event.id for _, event in store.read()] == ["7", "8", "9"]


def test_ids_of_people_are_hashed_at_the_border(tmp_path, click, shown):
    url, key = f"sqlite:///{tmp_path}/events.db", UserHash(b"0123456789abcdef")
    with EventLog(open_store(url), hash_user=key, say=quiet) as log:
        log.add([click("1", user="ann", session="ann"), click("2", user=None, session="x")])
        log.add([shown("3", ["a"], user="ann")]).result(30)
        assert [event.id for event in log.recent(user="ann")] == ["3", "1"]
        assert [event.id for event in log.recent(session="ann")] == ["1"]
        events = [event for _, event in log.store.read()]
        assert {len(event.user) for event in events if event.user} == {32}
        assert events[0].user == events[2].user == key.user("ann") != events[0].session
        assert log.stored_ids("ann", "ann") == (events[0].user, events[0].session)
        assert log.store.delete_users([key.user("ann")]) == 2
    # HMAC-SHA256 of "user", NUL and the id, by another implementation: openssl dgst -mac hmac.
    assert key.user("ann") == "90955f07af5d711ec60064c983672a4f"


def test_keys(tmp_path, monkeypatch):
    monkeypatch.delenv("KERASREC_EVENTS_KEY", raising=False)
    with pytest.raises(InputError, match="name a file with the key, or set KERASREC_EVENTS_KEY"):
        UserHash.read()
    monkeypatch.setenv("KERASREC_EVENTS_KEY", "short")
    with pytest.raises(InputError, match="has 5 bytes: expected 16 to 4096"):
        UserHash.read()
    monkeypatch.setenv("KERASREC_EVENTS_KEY", "0123456789abcdef")
    (tmp_path / "key").write_text("0123456789abcdef\n")
    assert UserHash.read().user("a") == UserHash.read(tmp_path / "key").user("a")
    with pytest.raises(InputError, match="is missing"):
        UserHash.read(tmp_path / "none")


def test_watchers_see_events_before_the_answer(gated, click):
    seen = []

    def fail(events):
        seen.append([event.id for event in events])
        raise RuntimeError("a bug of a watcher")

    with EventLog(gated, say=quiet) as log:
        log.watch(fail)
        assert log.add([click("1"), click("2")]).result(30) == 2
        assert seen == [["1", "2"]]
