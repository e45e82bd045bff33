"""Ids of people, replaced by keyed hashes."""

import hashlib
import hmac
import os

from kerasrec.errors import InputError
from kerasrec.files.plain_file import open_plain

VARIABLE = "KERASREC_EVENTS_KEY"
LEAST, MOST = 16, 4096  # bytes of a key
LENGTH = 32  # hexadecimal digits: 128 bits, so that two ids share one in no store


class UserHash:
    """Replaces ids of users and sessions by the first 128 bits of HMAC-SHA256 with a key.

    The same id has the same hash, so histories stay whole, and without the key nobody can try ids.
    A new key begins new histories.

    Args:
        key: 16 bytes or more.

    >>> hashed = UserHash(b"0123456789abcdef").user("ann")
    >>> len(hashed), hashed == UserHash(b"0123456789abcdef").user("ann")
    (32, True)
    """

    def __init__(self, key):
        if not LEAST <= len(key) <= MOST:
            raise InputError(
                f"the key of the users' hashes has {len(key)} bytes: expected {LEAST} to {MOST}, "
                "such as of `openssl rand -hex 32`"
            )
        self._key = key

    @classmethod
    def read(cls, path=None):
        """Reads the key from a file, or from the variable KERASREC_EVENTS_KEY without one."""
        if path:
            with open_plain(path) as file:
                return cls(file.read(MOST + 1).strip())
        if VARIABLE not in os.environ:
            raise InputError(f"--no-users: name a file with the key, or set {VARIABLE}")
        return cls(os.environ[VARIABLE].strip().encode())

    def user(self, id):
        """The hash of a user's id; None for None."""
        return self._hash(b"user", id)

    def session(self, id):
        """The hash of a session's id; None for None."""
        return self._hash(b"session", id)

    def event(self, event):
        """An `Event` with both replaced."""
        return event._replace(user=self.user(event.user), session=self.session(event.session))

    def _hash(self, kind, id):
        if id is None:
            return None
        message = kind + b"\0" + id.encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:LENGTH]
