"""One thread that commits together what has queued up."""

import collections
import concurrent.futures
import contextlib
import threading
import time
import typing

from kerasrec.events.store_error import StoreAway, StoreError

MOST_EVENTS = 5000  # of a transaction
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # seconds between two tries of a store that is away
EVENT = 200  # bytes that are counted for an event besides its items and context


class _Entry(typing.NamedTuple):
    events: list
    size: int
    future: concurrent.futures.Future


class GroupCommit:
    """A bounded queue in front of an `EventStore`, and the thread that empties it.

    A commit waits for the disk. What arrives meanwhile is committed by the next one, all together,
    so the rate of events does not depend on the rate of commits.

    Args:
        store: `EventStore`.
        most_bytes: Of queued events, approximately; an entry that finds the queue empty may be
            larger.
        committed: Function that is called with the list of events of each transaction, before the
            futures are done.
        chore: Function that is called between two transactions, now and then; it returns whether it
            wants to be called again soon.
        every: Seconds between two calls of the chore.
        failed: Function that is called with each error of the store.
    """

    def __init__(self, store, most_bytes, committed, chore, every, failed):
        self._store, self._most_bytes = store, most_bytes
        self._committed, self._chore, self._every = committed, chore, every
        self._failed = failed
        self._queue, self._bytes, self._closed = collections.deque(), 0, False
        self._changed = threading.Condition()
        self.thread = threading.Thread(target=self._work, name="events")
        self.thread.start()

    @property
    def queued(self):
        """The number of events that wait for a commit, and their bytes."""
        with self._changed:
            return sum(len(entry.events) for entry in self._queue), self._bytes

    def add(self, events):
        """Queues events; returns a `Future` of the number of new ones, done when they are stored.

        Cancelling it takes them from the queue, unless they are being committed.

        Raises:
            StoreAway: if the queue is full.
        """
        size = sum(map(_size, events))
        entry = _Entry(events, size, concurrent.futures.Future())
        with self._changed:
            if self._queue and self._bytes + size > self._most_bytes:
                self._drop_cancelled()
            if self._closed:
                raise StoreAway("the server stops")
            if self._queue and self._bytes + size > self._most_bytes:
                raise StoreAway(f"{self._bytes >> 10} KiB of events wait for the store already")
            self._queue.append(entry)
            self._bytes += size
            self._changed.notify_all()
        return entry.future

    def close(self):
        """Commits what has queued, or fails it if the store is away; ends the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.thread.join()

    def _work(self):
        due = time.monotonic()
        while True:
            with self._changed:
                wait = max(0.0, due - time.monotonic())
                self._changed.wait_for(lambda: self._queue or self._closed, wait)
                group, closed = self._take(), self._closed
            if group:
                self._commit(group)
            elif closed:
                return
            if time.monotonic() >= due and not closed:
                again = False
                try:
                    again = self._chore()
                except Exception as error:  # the next call may succeed
                    self._failed(error)
                due = time.monotonic() + (0.0 if again else self._every)

    def _take(self):
        """The next entries of a transaction; called under the lock."""
        group, count = [], 0
        while self._queue and (not group or count + len(self._queue[0].events) <= MOST_EVENTS):
            entry = self._queue.popleft()
            self._bytes -= entry.size
            count += len(entry.events)
            group.append(entry)
        return group

    def _drop_cancelled(self):
        self._queue = collections.deque(one for one in self._queue if not one.future.cancelled())
        self._bytes = sum(entry.size for entry in self._queue)

    def _commit(self, group):
        wait = FIRST_WAIT
        while group := [entry for entry in group if not entry.future.cancelled()]:
            try:
                counts = self._store.append_all([entry.events for entry in group])
            except StoreAway as error:
                self._failed(error)
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, wait):
                        return _fail(group, error)
                wait = min(2 * wait, LONGEST_WAIT)
            except Exception as error:
                self._failed(error)
                if len(group) == 1 or isinstance(error, StoreError):
                    return _fail(group, error)
                # One entry must not fail the others.
                for entry in group:
                    self._commit([entry])
                return None
            else:
                self._committed([event for entry in group for event in entry.events])
                for entry, count in zip(group, counts, strict=True):
                    with contextlib.suppress(concurrent.futures.InvalidStateError):
                        entry.future.set_result(count)
                return None
        return None


def _size(event):
    """Bytes of an event, approximately."""
    return EVENT + sum(map(len, event.items)) + (len(repr(event.context)) if event.context else 0)


def _fail(group, error):
    for entry in group:
        with contextlib.suppress(concurrent.futures.InvalidStateError):
            entry.future.set_exception(error)
