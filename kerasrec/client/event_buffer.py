"""Events that wait in memory until a server has stored them."""

import collections
import contextlib
import threading
import time
import warnings

from kerasrec.client.serving_error import ServingError
from kerasrec.errors import InputError

MOST_EVENTS = 10_000  # that wait
BATCH = 500  # events of a request; a server takes 1000
LINGER = 0.2  # seconds in which events are collected for a request
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0  # seconds between two tries
# The server may take the same request later: 429 and all that is its own fault.
BUSY = 429


class EventBuffer:
    """Sends events in the background, at least once, in the order in which they were added.

    A thread begins with the first event. An event leaves the buffer when the server has
    acknowledged it, so a request without an answer is sent again; the server stores an id once.
    When the buffer is full the oldest event is dropped and counted, with a warning: who logs events
    must not wait, nor fail, because they cannot be stored. What the server refuses (a 4xx) is
    dropped and counted as well.

    Args:
        send: Function of (list of dicts, seconds) that returns when the server has stored them, or
            raises a `ServingError`.
        timeout: Seconds for a request.
        most: Events that may wait.

    Attributes:
        dropped: The number of events that were lost.
    """

    def __init__(self, send, timeout, most=MOST_EVENTS):
        self._send, self._timeout, self._most = send, timeout, most
        self._events, self.dropped = collections.deque(), 0
        self._changed, self._thread = threading.Condition(), None
        self._closed = self._hurry = False
        self._refusal = self._trouble = None  # why an event was dropped, and why some still wait

    def add(self, event):
        """Adds an event, a dict; it is sent in the background."""
        with self._changed:
            if self._closed:
                raise InputError("this client is closed: make a new one")
            full = len(self._events) >= self._most
            if full:
                self._events.popleft()
                self.dropped += 1
            self._events.append(event)
            # Also after a fork, in which threads do not survive.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="events", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if full:
            warnings.warn(
                f"{self._most:,} events wait for the server already: the oldest are dropped",
                stacklevel=3,
            )

    def flush(self, seconds):
        """Waits until what has been added is stored.

        Raises:
            ServingError: if some events still wait after that time, or the server has refused some
                since the last call.
        """
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            stored = self._changed.wait_for(lambda: not self._events, seconds)
            left, refusal = len(self._events), self._refusal
            self._hurry, self._refusal = False, None
            why = f": {self._trouble.message}" if self._trouble else ""
        if refusal:
            raise refusal
        if not stored:
            raise ServingError(f"{left:,} events are not stored yet{why}", again=True)

    def close(self, seconds):
        """Flushes, and ends the thread whether or not that succeeds.

        Raises:
            ServingError: as `flush`.
        """
        try:
            self.flush(seconds)
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()
                thread = self._thread
            if thread is not None:
                thread.join(self._timeout)

    def _work(self):
        wait = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._closed)
                # More events may come, and after an error the server needs time.
                end = time.monotonic() + max(wait, LINGER)
                while not self._hurry or wait:
                    left = end - time.monotonic()
                    if self._closed or left <= 0 or (not wait and len(self._events) >= BATCH):
                        break
                    self._changed.wait(left)
                if self._closed:
                    return
                batch = [self._events[place] for place in range(min(BATCH, len(self._events)))]
            wait = self._send_batch(batch, wait)

    def _send_batch(self, batch, wait):
        """Sends events; returns the seconds to wait before the next try, 0 after a success."""
        try:
            self._send(batch, self._timeout)
        except ServingError as error:
            if _may_succeed(error):
                with self._changed:
                    self._trouble = error
                return min(max(2 * wait, FIRST_WAIT, error.wait or 0.0), LONGEST_WAIT)
            if len(batch) > 1:
                # One event must not cost the others.
                for event in batch:
                    if later := self._send_batch([event], wait):
                        return later
                return 0.0
            with self._changed:
                self._refusal = error
                self.dropped += 1
                self._remove(batch)
            # Where warnings are errors, this one must not end the thread.
            with contextlib.suppress(Warning):
                warnings.warn(f"the server refuses an event: {error.message}", stacklevel=2)
            return 0.0
        with self._changed:
            self._trouble = None
            self._remove(batch)
        return 0.0

    def _remove(self, batch):
        """Removes events from the front, unless they were dropped meanwhile."""
        sent = {id(event) for event in batch}
        while self._events and id(self._events[0]) in sent:
            self._events.popleft()
        self._changed.notify_all()


def _may_succeed(error):
    status = error.status
    return error.again or not isinstance(status, int) or status == BUSY or status >= 500
