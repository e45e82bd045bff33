"""What people did last, in memory: the end of their histories."""

import bisect
import collections
import concurrent.futures
import contextlib
import threading
import time
import typing

from kerasrec.events.event import INTERACTION
from kerasrec.events.read_interactions import SESSION

MOST_STEPS = 50  # of one person
MOST_KEPT = 200_000  # of all people; each person counts as one more
FRESH = 1.0  # seconds until a person is read again, for what other servers have stored
WAIT = 0.2  # seconds that a request waits for the store
READERS, MOST_WAITING = 2, 64


class Step(typing.NamedTuple):
    """One interaction: seconds since 1970, the item, the behavior, and the id of the event."""

    time: float
    item: str
    behavior: str
    id: str


class SessionState:
    """The latest interactions of the people who asked last, of an `EventLog`.

    Who asks first, or after `FRESH` seconds, is read from the store; in between, committed events
    are added before they are acknowledged. So an event of this server counts in a request that is
    sent after its acknowledgement, and one of another server on the same store `FRESH` seconds
    later. While the store is away, or slower than `WAIT`, what is in memory counts.

    Args:
        log: An `EventLog`.
        most: Of all people; who has not asked for the longest time is forgotten first.
        clock: For tests.

    Example:

        state = SessionState(log)
        state.steps("ann"), state.steps("session:s-17")  # lists of `Step`, the latest last
    """

    def __init__(self, log, most=MOST_KEPT, clock=time.monotonic):
        self._log, self._most, self._clock = log, most, clock
        self._people, self._kept = collections.OrderedDict(), 0
        self._waiting, self._lock = 0, threading.Lock()
        self._readers = concurrent.futures.ThreadPoolExecutor(READERS, "sessions")
        log.watch(self._note)

    def steps(self, user):
        """The last `MOST_STEPS` interactions of a user, or of the session of "session:ID"."""
        key = self._key(user)
        with self._lock:
            if key not in self._people:
                self._people[key] = _Person()
                self._kept += 1
            person = self._people[key]
            self._people.move_to_end(key)
            self._forget()
            stale = self._clock() - person.read > FRESH
            if stale and person.reading is None and self._waiting < MOST_WAITING:
                self._waiting += 1
                person.reading = self._readers.submit(self._read, key, person)
            reading = person.reading if stale else None
        if reading:
            with contextlib.suppress(Exception):  # the store is away, or slow
                reading.result(WAIT)
        with self._lock:
            return list(person.steps)

    def close(self):
        """Frees the threads. It must not be asked afterwards."""
        self._readers.shutdown(cancel_futures=True)

    def _key(self, user):
        if user.startswith(SESSION):
            return "session", self._log.stored_ids(session=user.removeprefix(SESSION))[1]
        return "user", self._log.stored_ids(user=user)[0]

    def _read(self, key, person):
        started = self._clock()
        with self._lock:
            # What is committed from here on may be missing in what the store answers.
            person.noted = []
        events = None
        try:
            events = self._log.store.recent(**dict([key]), limit=MOST_STEPS, kind=INTERACTION)
        finally:
            with self._lock:
                before = len(person.steps)
                if events is not None:
                    person.replace(map(_step, events))
                # An away store is not asked again by every request.
                person.read, person.reading, person.noted = started, None, None
                self._waiting -= 1
                if self._people.get(key) is person:
                    self._kept += len(person.steps) - before
                    self._forget()

    def _note(self, events):
        with self._lock:
            for event in events:
                if event.kind != INTERACTION:
                    continue
                for key in (("user", event.user), ("session", event.session)):
                    if person := self._people.get(key):
                        self._kept -= len(person.steps)
                        person.add(_step(event))
                        self._kept += len(person.steps)
            self._forget()

    def _forget(self):
        while self._kept > self._most and len(self._people) > 1:
            _, person = self._people.popitem(last=False)
            self._kept -= 1 + len(person.steps)


class _Person:
    __slots__ = ("noted", "read", "reading", "steps")

    def __init__(self):
        self.steps, self.noted = [], None
        self.read, self.reading = -float("inf"), None

    def add(self, step):
        """Adds a step in the order of times, unless it is there."""
        if self.noted is not None:
            self.noted.append(step)
        if all(step.id != one.id for one in self.steps):
            bisect.insort(self.steps, step, key=lambda one: one.time)
            del self.steps[:-MOST_STEPS]

    def replace(self, steps):
        """The steps of the store, the latest first, and those noted since it was asked."""
        noted, self.noted = self.noted or [], None
        self.steps = list(steps)[::-1]
        for step in noted:
            self.add(step)


def _step(event):
    return Step(event.time, event.item, event.behavior, event.id)
