"""What every store of events does."""

import abc

from kerasrec.errors import InputError

PAGE = 1000  # events of a page


class EventStore(abc.ABC):
    """Keeps events durably, each id once. All methods may be called from any thread.

    A cursor is a whole number above 0. An event that commits later has a larger one, whoever
    writes, so that who reads `after` the last cursor seen misses nothing.

    Attributes:
        url: What `open_store` was given, without a password.

    Raises:
        StoreAway: from all methods, if the store cannot be used now.
        StoreFull: from `append` and `append_all`, if the disk is full or a limit is reached.
    """

    url = ""

    def append(self, events):
        """Stores events; they are on the disk when this returns, or none of them if it raises.

        An event whose id is stored already is left out, so a sender may repeat a call.

        Args:
            events: List of `Event`.

        Returns:
            The number of new ones.
        """
        (new,) = self.append_all([events])
        return new

    @abc.abstractmethod
    def append_all(self, batches):
        """As `append`, several lists in one transaction: returns the new ones of each."""

    @abc.abstractmethod
    def read(self, after=0, limit=PAGE, since=None, until=None, kind=None):
        """Returns [(cursor, `Event`)] in the order of cursors, at most `limit`.

        Args:
            after: Only events with a larger cursor.
            since, until: Only events with a time from `since` on and before `until`.
            kind: Only "impression" or "interaction".
        """

    @abc.abstractmethod
    def recent(self, user=None, session=None, limit=100, kind=None):
        """Returns the latest events by time of a user or of a session, the latest first."""

    @abc.abstractmethod
    def delete_users(self, users):
        """Deletes all events of users, and those known to be theirs by a session or a request.

        An event without a user is theirs if its session, or its request, is that of one of theirs.

        Returns:
            The number of events deleted.
        """

    @abc.abstractmethod
    def delete_before(self, time, most=10_000):
        """Deletes at most `most` events with an earlier time, the oldest first; returns how many.

        A call takes little time, so that others can write between two.
        """

    @abc.abstractmethod
    def counts(self):
        """Returns [(kind, day, version, number)], sorted; days of UTC as "2026-01-31"."""

    @abc.abstractmethod
    def last_cursor(self):
        """Returns the largest cursor; 0 without events."""

    @abc.abstractmethod
    def size(self):
        """Returns the bytes of the events, without the space that deleted ones have left."""

    @abc.abstractmethod
    def close(self):
        """Frees all resources. The store cannot be used afterwards."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def pages(store, after=0, **chosen):
    """Yields what `store.read` returns, page by page, until there is no more.

    Args:
        after: The cursor to start behind.
        chosen: `since`, `until`, `kind` and `limit` of `read`.
    """
    while page := store.read(after=after, **chosen):
        yield page
        after = page[-1][0]


def check_one(user, session):
    """Raises an `InputError` unless exactly one of both is given."""
    if (user is None) == (session is None):
        raise InputError("give a user or a session: one of them")
