"""What a server writes events through."""

import contextlib
import threading
import time

from kerasrec.events.group_commit import GroupCommit
from kerasrec.events.store_error import StoreAway

MOST_BYTES = 16 << 20  # of queued events
RETENTION_EVERY = 3600.0  # seconds
CHUNK = 10_000  # events that retention deletes at a time


class EventLog:
    """A store with one writer thread, a bounded queue, retention and hashed users.

    Args:
        store: `EventStore`, which is closed with the log.
        keep: Seconds after which events are deleted, by their time; None to keep them.
        hash_user: `UserHash`, or None to store the ids of users and sessions as given.
        log_impressions: Whether the server also logs what `recommend` answers.
        most_bytes: Of queued events.
        say: Function that is called with a line when the store begins to fail, and works again.
        clock: Seconds since 1970, for tests.

    Attributes:
        store, log_impressions: As given.
        thread: The thread that writes.

    Example:

        with EventLog(open_store("sqlite:///events.db"), keep=90 * 86400) as log:
            new = log.add(events).result()  # all are durable, and so many were new
            log.recent(user="ann")
    """

    def __init__(
        self, store, keep=None, hash_user=None, log_impressions=False, most_bytes=MOST_BYTES,
        say=print, clock=time.time,
    ):  # fmt: skip
        self.store, self.log_impressions = store, log_impressions
        self._keep, self._hash, self._say, self._clock = keep, hash_user, say, clock
        self._watching, self._error, self._lock = [], None, threading.Lock()
        self._stored = self._dropped = 0
        self._writer = GroupCommit(
            store,
            most_bytes,
            self._note_commit,
            self._delete_old,
            RETENTION_EVERY,
            self._note_error,
        )
        self.thread = self._writer.thread

    def add(self, events):
        """Queues a list of `Event`; returns a `Future` of the number of new ones.

        It is done when all are durable. While the store is away it waits; its exception is a
        `StoreFull`, or a `StoreAway` when the log is closed. Cancel it to give up: the events may
        then have been stored or not.

        Raises:
            StoreAway: if the queue is full.
        """
        if self._hash:
            events = [self._hash.event(event) for event in events]
        return self._writer.add(events)

    def add_or_drop(self, events):
        """Queues events that nobody waits for; those that are not stored are counted."""

        def note(future):
            if future.exception():
                self._note_dropped(len(events))

        try:
            self.add(events).add_done_callback(note)
        except StoreAway:
            self._note_dropped(len(events))

    def recent(self, user=None, session=None, limit=100, kind=None):
        """The latest events of a user or of a session, as given in requests; see `EventStore`."""
        return self.store.recent(*self.stored_ids(user, session), limit, kind)

    def stored_ids(self, user=None, session=None):
        """Returns (user, session) as they are stored: hashed, or as given."""
        if self._hash:
            return self._hash.user(user), self._hash.session(session)
        return user, session

    def watch(self, callback):
        """Calls `callback(events)` with what was committed, before it is acknowledged.

        It runs in the writer thread, so it must be quick, and gets ids as they are stored. An event
        that was sent twice may be among them twice.
        """
        self._watching.append(callback)

    def status(self):
        """Returns a dict: events waiting and stored, dropped impressions, and the last error."""
        waiting, waiting_bytes = self._writer.queued
        with self._lock:
            return {
                "waiting": waiting,
                "waiting_bytes": waiting_bytes,
                "stored": self._stored,
                "dropped_impressions": self._dropped,
                "last_error": self._error,
            }

    def close(self):
        """Stores what has queued, or fails it if the store is away, and closes the store."""
        self._writer.close()
        self.store.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _delete_old(self):
        if self._keep is None:
            return False
        return self.store.delete_before(self._clock() - self._keep, CHUNK) == CHUNK

    def _note_dropped(self, number):
        with self._lock:
            self._dropped += number

    def _note_commit(self, events):
        with self._lock:
            failed, self._error = self._error, None
            self._stored += len(events)
        if failed:
            self._tell("events: the store works again")
        for callback in self._watching:
            with contextlib.suppress(Exception):  # the events are stored, whatever it does
                callback(events)

    def _note_error(self, error):
        line = f"{type(error).__name__}: {error}"
        with self._lock:
            before, self._error = self._error, line
        if line != before:
            self._tell(f"events: {line}")

    def _tell(self, line):
        with contextlib.suppress(Exception):
            self._say(line)
