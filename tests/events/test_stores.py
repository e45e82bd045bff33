"""What every store does; the same tests on each."""

import threading

import pytest

from kerasrec.errors import InputError
from kerasrec.events import StoreFull, open_store, pages
from kerasrec.events.export_events import export_events


def ids(pairs):
    return [event.id for _, event in pairs]


def test_what_is_appended_is_read_in_the_order_of_commits(store, click, shown):
    late, early = click("late", time=200.0), click("early", time=100.0, value=2.5, session="s")
    seen = shown(
        "shown", ["a", "b"], user="u", positions=(1, 3), propensities=(0.25, 1.0), version="3",
        context={"hour": 9, "tags": ["x"], "text": "ü\n<b>"}, request="r",
    )  # fmt: skip
    assert store.append([late, early]) == 2 and store.append([seen]) == 1
    pairs = store.read()
    assert [event for _, event in pairs] == [late, early, seen]
    cursors = [cursor for cursor, _ in pairs]
    assert cursors == sorted(set(cursors)) and cursors[0] > 0
    assert store.last_cursor() == cursors[-1]
    assert ids(store.read(after=cursors[0], limit=1)) == ["early"]
    assert ids(store.read(after=cursors[-1])) == []
    assert ids(store.read(since=100.0, until=200.0)) == ["early", "shown"]
    assert ids(store.read(kind="impression")) == ["shown"]


def test_an_id_is_stored_once_and_the_first_stays(store, click):
    assert store.append([click("e", item="a"), click("e", item="b")]) == 1
    assert store.append([click("e", item="c"), click("f")]) == 1
    assert [(event.id, event.item) for _, event in store.read()] == [("e", "a"), ("f", "a")]
    assert store.append_all([[click("f")], [], [click("g"), click("h")]]) == [0, 0, 2]


def test_all_or_nothing(store, click):
    with pytest.raises(Exception):  # noqa: B017 the driver's own: no sender can cause it
        store.append([click("e"), click("f", item=object())])
    assert store.read() == [] and store.append([click("e")]) == 1


def test_an_empty_store(store):
    assert store.last_cursor() == 0 and store.counts() == [] and store.append([]) == 0
    assert list(pages(store)) == [] and store.recent(user="u") == []


def test_recent_events_of_a_user_and_of_a_session(store, click, shown):
    store.append([click("1", time=30.0), click("2", time=10.0), click("3", time=20.0, user="v")])
    store.append([shown("4", ["a"], time=15.0, user="u", session="s")])
    store.append([click("5", time=25.0, user=None, session="s")])
    assert [event.id for event in store.recent(user="u")] == ["1", "4", "2"]
    assert [event.id for event in store.recent(user="u", limit=1)] == ["1"]
    assert [event.id for event in store.recent(user="u", kind="interaction")] == ["1", "2"]
    assert [event.id for event in store.recent(session="s")] == ["5", "4"]
    for given in ({}, {"user": "u", "session": "s"}):
        with pytest.raises(InputError, match="give a user or a session: one of them"):
            store.recent(**given)


def of_people(click, shown):
    return [
        click("own", session="s1"),
        shown("seen", ["a"], user="u", request="r1"),
        click("of her session", user=None, session="s1"),
        shown("shown in her session", ["a"], session="s1", request="r2"),
        click("of her request", user=None, request="r1"),
        click("of a request of her session", user=None, request="r2"),
        click("another's, in her session", user="v", session="s1"),
        click("another's", user="v", request="r3"),
        click("a stranger's", user=None, session="s2", request="r3"),
        click("her name as a session", user=None, session="u"),
    ]


KEPT = ["another's, in her session", "another's", "a stranger's", "her name as a session"]


def test_deleting_a_user_takes_what_is_known_to_be_hers(store, click, shown):
    store.append(of_people(click, shown))
    assert store.delete_users(["u", "nobody"]) == 6
    assert ids(store.read()) == KEPT
    assert store.delete_users(["u"]) == 0


def test_cursors_are_not_given_again(store, click):
    store.append([click("1"), click("2")])
    before = store.last_cursor()
    store.delete_users(["u"])
    store.append([click("3")])
    ((cursor, _),) = store.read()
    assert cursor > before


def test_retention_deletes_the_oldest_first(store, click):
    store.append([click(str(time), time=float(time)) for time in (5, 3, 1, 4, 2)])
    assert store.delete_before(4.0, most=2) == 2
    assert sorted(ids(store.read())) == ["3", "4", "5"]
    assert store.delete_before(4.0) == 1 and store.delete_before(4.0) == 0
    assert sorted(ids(store.read())) == ["4", "5"]


def test_counts_by_kind_day_and_version(store, click, shown):
    day = 86_400.0
    store.append([click("1", time=0.0), click("2", time=day - 0.25), click("3", time=day)])
    store.append([shown("4", ["a"], version="2"), shown("5", ["a"], version="2")])
    store.append([shown("6", ["a"])])
    assert store.counts() == [
        ("impression", "1970-01-01", None, 1),
        ("impression", "1970-01-01", "2", 2),
        ("interaction", "1970-01-01", None, 2),
        ("interaction", "1970-01-02", None, 1),
    ]


def test_size_grows_and_shrinks_and_bounds(url, click):
    many = [click(f"{n}", item="x" * 400) for n in range(2000)]
    with open_store(url) as store:
        empty = store.size()
        store.append(many)
        full = store.size()
        assert full > empty + 2000 * 400
        store.delete_before(1e9, most=10_000)
        assert store.size() < empty + 0.1 * (full - empty)
    with open_store(url, limit=empty + 400_000) as store:
        store.append(many[:1500])
        with pytest.raises(StoreFull, match="has reached its limit of 0.4 MiB|limit of"):
            store.append(many[1500:])
        assert len(store.read(limit=5000)) == 1500
        store.delete_before(1e9)
        assert store.append(many[1500:]) == 500


def test_two_servers_on_one_store_and_a_reader_that_misses_nothing(url, click):
    with open_store(url) as one, open_store(url) as two, open_store(url) as reading:
        ended, found = threading.Event(), []

        def write(store, name):
            for batch in range(20):
                # Both also send the same ten events.
                same = [click(f"same {batch} {n}") for n in range(10)]
                store.append([click(f"{name} {batch} {n}") for n in range(10)] + same)

        def follow():
            cursor = 0
            while True:
                last = ended.is_set()
                for page in pages(reading, cursor, limit=7):
                    found.extend(ids(page))
                    cursor = page[-1][0]
                if last:
                    return

        writers = [threading.Thread(target=write, args=pair) for pair in ((one, "1"), (two, "2"))]
        follower = threading.Thread(target=follow)
        for thread in (*writers, follower):
            thread.start()
        for thread in writers:
            thread.join(60)
        ended.set()
        follower.join(60)
        assert len(found) == len(set(found)) == 600
        assert sorted(found) == sorted(ids(one.read(limit=1000)))


def test_an_export_has_the_same_events_and_goes_on(store, click, shown, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec.events.export_events.SEGMENT", 4)
    monkeypatch.setattr("kerasrec.events.export_events.GROUP", 2)
    people = of_people(click, shown)
    store.append(people[:7])
    folder = tmp_path / "export"
    assert export_events(store, folder) == 7
    assert export_events(store, folder) == 0
    store.append(people[7:])
    assert export_events(store, folder) == 3
    assert len(list(folder.glob("*.parquet"))) == 3
    with open_store(f"parquet:{folder}") as exported:
        assert exported.read(limit=100) == store.read(limit=100)
        assert exported.last_cursor() == store.last_cursor() and exported.size() > 0
        middle = store.read()[4][0]
        assert exported.read(after=middle, limit=2) == store.read(after=middle, limit=2)
        assert exported.read(kind="impression", since=100.0) == store.read(kind="impression")
        assert exported.read(until=100.0) == []
        assert exported.counts() == store.counts()
        assert exported.recent(user="u", limit=1) == store.recent(user="u", limit=1)
        assert exported.recent(session="s1") == store.recent(session="s1")
        with pytest.raises(InputError, match="is an export: write to the store"):
            exported.append([click("new")])
        assert exported.delete_users(["u"]) == 6
        assert ids(exported.read()) == KEPT
        assert exported.delete_before(1e9) == 4 and exported.read() == []
        # The place to go on from is kept.
        assert exported.last_cursor() == store.last_cursor()
    assert export_events(store, folder) == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:events.db", "expected sqlite:///PATH, postgresql"),
        ("sqlite:///", "expected sqlite:///PATH"),
        ("events.db", "got 'events.db'"),
        ("parquet:", "parquet:FOLDER"),
        ("parquet:/no/such/folder", "no such folder"),
        ("sqlite:////no/such/folder/events.db", "cannot be opened: unable to open database file"),
    ],
)
def test_urls_that_do_not_open(url, message):
    with pytest.raises(InputError, match=message):
        open_store(url)
