"""What people did last, as of a log and its store."""

import threading

import pytest

from kerasrec.events import Event, StoreAway
from kerasrec.events.event_log import EventLog
from kerasrec.events.session_state import FRESH, MOST_STEPS, WAIT, SessionState
from kerasrec.events.sqlite_store import SqliteStore
from kerasrec.events.user_hash import UserHash


class Store(SqliteStore):
    """Counts how often it is asked; fails if `away`, and waits for `gate`."""

    asked, away, gate = 0, False, None

    def recent(self, *arguments, **options):
        self.asked += 1
        if self.away:
            raise StoreAway("gone")
        found = super().recent(*arguments, **options)
        if self.gate:
            self.reading.set()
            assert self.gate.wait(30)
        return found


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "events.db")
    store.reading = threading.Event()
    return store


@pytest.fixture
def log(store):
    with EventLog(store, say=lambda line: None) as log:
        yield log


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def state(log, clock):
    state = SessionState(log, most=12, clock=lambda: clock[0])
    yield state
    state.close()


def did(item, time, **who):
    who = who or {"user": "u"}
    return Event("interaction", f"{item}/{time}/{who}", time, item=item, behavior="click", **who)


def items(state, user="u"):
    return [step.item for step in state.steps(user)]


def test_stored_and_new_events_in_the_order_of_their_times(state, log, store):
    log.add([did("b", 20.0), did("a", 10.0)]).result(30)
    assert items(state) == ["a", "b"]
    log.add([did("c", 15.0), did("d", 30.0), did("?", 5.0, user="v")]).result(30)
    assert items(state) == ["a", "c", "b", "d"] and store.asked == 1
    # A repeated event, and an impression, change nothing.
    log.add([did("d", 30.0), Event("impression", "i", 40.0, user="u", items=("x",))]).result(30)
    assert items(state) == ["a", "c", "b", "d"]
    assert state.steps("u")[0] == (10.0, "a", "click", "a/10.0/{'user': 'u'}")


def test_a_session_is_not_a_user(state, log):
    log.add(
        [did("a", 1.0, session="s"), did("b", 2.0, user="s"), did("c", 3.0, user="u", session="s")]
    )
    log.add([]).result(30)
    assert items(state, "session:s") == ["a", "c"]
    assert items(state, "s") == ["b"] and items(state, "u") == ["c"]


def test_events_of_another_server_are_seen_when_the_entry_is_no_longer_fresh(
    state, store, clock, tmp_path
):
    assert items(state) == []
    with SqliteStore(tmp_path / "events.db") as other:
        other.append([did("a", 1.0)])
    clock[0] += FRESH
    assert items(state) == []
    clock[0] += 0.1
    assert items(state) == ["a"] and store.asked == 2
    store.delete_users(["u"])
    clock[0] += FRESH + 0.1
    assert items(state) == []


def test_an_event_that_commits_while_the_store_is_read_is_not_lost(state, log, store):
    store.gate, found = threading.Event(), []
    asking = threading.Thread(target=lambda: found.append(items(state)))
    asking.start()
    assert store.reading.wait(30)
    log.add([did("a", 1.0)]).result(30)
    store.gate.set()
    asking.join(30)
    # The request that waited may have been answered after `WAIT` seconds; the next one has it.
    assert items(state) == ["a"] and store.asked == 1


def test_a_slow_store_holds_a_request_up_for_a_moment_only(state, store, log):
    store.gate = threading.Event()
    try:
        assert WAIT < 1 and items(state) == []
    finally:
        store.gate.set()


def test_while_the_store_is_away_memory_counts_and_it_is_not_asked_again_and_again(
    state, log, store, clock
):
    log.add([did("a", 1.0)]).result(30)
    assert items(state) == ["a"]
    store.away = True
    clock[0] += FRESH + 0.1
    assert [items(state) for _ in range(3)] == [["a"]] * 3 and store.asked == 2


def test_the_last_steps_of_who_asked_last_are_kept(state, log, store):
    """12 in all, and one for each person: of u's 5 and v's 5 there is room, not for w's as well."""
    many = [did(f"i{n}", float(n), user=user) for user in "uvw" for n in range(5)]
    log.add(many).result(30)
    assert len(items(state, "u")) == len(items(state, "v")) == 5
    assert len(items(state, "w")) == 5 and store.asked == 3
    assert len(items(state, "w")) == 5 and store.asked == 3
    assert len(items(state, "u")) == 5 and store.asked == 4
    assert state._kept <= 12 and state._kept == sum(
        len(p.steps) + 1 for p in state._people.values()
    )


def test_one_person_has_at_most_so_many_steps(log):
    state = SessionState(log)
    log.add([did(f"i{n}", float(n)) for n in range(MOST_STEPS + 7)]).result(30)
    assert items(state) == [f"i{n}" for n in range(7, MOST_STEPS + 7)]
    log.add([did("new", 1e6)]).result(30)
    assert items(state) == [*(f"i{n}" for n in range(8, MOST_STEPS + 7)), "new"]
    state.close()


def test_hashed_users(store):
    with EventLog(store, hash_user=UserHash(b"0123456789abcdef"), say=print) as log:
        state = SessionState(log)
        log.add([did("a", 1.0), did("b", 2.0, session="s")]).result(30)
        assert items(state) == ["a"] and items(state, "session:s") == ["b"]
        log.add([did("c", 3.0)]).result(30)
        assert items(state) == ["a", "c"]
        state.close()
