"""Queries by id: all users or items of a model, or those of a file."""

import hashlib
import itertools

from kerasrec.batch_inference.queries import Queries

PART_ROWS = 2**14


class IdQueries:
    """One query for each id.

    Args:
        ids: List of ids, or `IdFile`: an iterable of lists of ids that can be read several times.
        users: Whether these are users, whose history is stored; else items.

    Attributes:
        count: Number of queries.
        fingerprint: Hash of the ids in their order.
    """

    def __init__(self, ids, users=True):
        self._lists = [ids] if isinstance(ids, list) else ids
        self._users = users
        digest, self.count = hashlib.sha256(), 0
        for some in self._lists:
            self.count += len(some)
            for one in some:
                text = one.encode()
                digest.update(b"%d:%b" % (len(text), text))
        self.fingerprint = digest.hexdigest()

    def parts(self, start=0):
        """`Queries` of up to `PART_ROWS` rows, from row `start` on."""
        ids = itertools.islice(itertools.chain.from_iterable(self._lists), start, None)
        while some := list(itertools.islice(ids, PART_ROWS)):
            yield Queries(some, some if self._users else None)
