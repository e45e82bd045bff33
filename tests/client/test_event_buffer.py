"""The buffer of the client, with a server that fails on command."""

import threading
import warnings

import pytest

from kerasrec.client import ServingError
from kerasrec.client.event_buffer import EventBuffer
from kerasrec.errors import InputError


class Server:
    """Stores what is sent, or raises the next of `errors`; waits for `open`."""

    def __init__(self):
        self.requests, self.errors, self.refused = [], [], set()
        self.open, self.asked = threading.Event(), threading.Semaphore(0)
        self.open.set()

    def send(self, events, seconds):
        self.asked.release()
        assert self.open.wait(30)
        if self.errors:
            raise self.errors.pop(0)
        if bad := self.refused & set(map(self.name, events)):
            raise ServingError(f"events[0]: {min(bad)} is bad", 400)
        self.requests.append([event["id"] for event in events])

    @staticmethod
    def name(event):
        return event["id"]

    @property
    def stored(self):
        return [id for request in self.requests for id in request]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr("kerasrec.client.event_buffer.FIRST_WAIT", 0.001)
    monkeypatch.setattr("kerasrec.client.event_buffer.LONGEST_WAIT", 0.001)
    monkeypatch.setattr("kerasrec.client.event_buffer.LINGER", 0.001)


def add(buffer, *numbers):
    for number in numbers:
        buffer.add({"id": f"{number}"})


def test_events_are_sent_in_their_order_and_in_batches(monkeypatch):
    monkeypatch.setattr("kerasrec.client.event_buffer.BATCH", 3)
    server = Server()
    buffer = EventBuffer(server.send, 30)
    server.open.clear()
    add(buffer, *range(8))
    server.open.set()
    buffer.flush(30)
    assert server.stored == [f"{n}" for n in range(8)] and max(map(len, server.requests)) == 3
    buffer.close(30)
    with pytest.raises(InputError, match="this client is closed"):
        add(buffer, 9)


def test_nothing_to_flush_and_no_thread_without_events():
    before = threading.active_count()
    buffer = EventBuffer(Server().send, 30)
    buffer.flush(0)
    buffer.close(0)
    assert threading.active_count() == before


@pytest.mark.parametrize("status", [None, 429, 500, 503, 507])
def test_what_was_not_acknowledged_is_sent_again(status):
    server = Server()
    again = status in (None, 429, 503)
    server.errors = [ServingError("busy", status, again=again) for _ in range(3)]
    buffer = EventBuffer(server.send, 30)
    add(buffer, 1, 2)
    buffer.close(30)
    assert server.stored == ["1", "2"] and buffer.dropped == 0


def test_a_full_buffer_drops_the_oldest_with_a_warning():
    server = Server()
    buffer = EventBuffer(server.send, 30, most=3)
    server.open.clear()
    add(buffer, 1, 2, 3)
    assert server.asked.acquire(timeout=30)
    with pytest.warns(UserWarning, match="3 events wait for the server already: the oldest are"):
        add(buffer, 4, 5)
    assert buffer.dropped == 2
    server.open.set()
    buffer.close(30)
    # Those of the request that was under way arrived after all.
    assert set(server.stored) >= {"3", "4", "5"} and len(server.stored) == len(set(server.stored))


def test_a_refused_event_does_not_cost_the_others():
    server = Server()
    server.refused = {"2"}
    server.open.clear()
    buffer = EventBuffer(server.send, 30)
    add(buffer, 1)
    assert server.asked.acquire(timeout=30)
    add(buffer, 2, 3)
    server.open.set()
    with pytest.raises(ServingError, match="2 is bad"):
        buffer.flush(30)
    assert buffer.dropped == 1 and server.stored == ["1", "3"]
    add(buffer, 4)
    buffer.close(30)
    assert server.stored == ["1", "3", "4"]


def test_a_flush_that_is_too_short_says_how_many_wait():
    server = Server()
    server.errors = [ServingError("nobody listens", again=True)] * 10**6
    buffer = EventBuffer(server.send, 30)
    add(buffer, 1, 2)
    for _ in range(2):
        assert server.asked.acquire(timeout=30)
    with pytest.raises(ServingError, match="2 events are not stored yet: nobody listens"):
        buffer.flush(0.01)
    server.errors = []
    buffer.close(30)
    assert server.stored == ["1", "2"]


def test_warnings_that_are_errors_do_not_end_the_thread():
    server = Server()
    server.refused = {"1"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        buffer = EventBuffer(server.send, 30)
        add(buffer, 1)
        with pytest.raises(ServingError):
            buffer.flush(30)
        add(buffer, 2)
        buffer.close(30)
    assert server.stored == ["2"]
