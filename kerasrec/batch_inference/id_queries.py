"""Queries by id: all users or items of a model, or those of a file."""

import hashlib
import itertools

from kerasrec.batch_inference.queries import Queries

PART_ROWS = 2**14


class IdQueries:
    """One query for each id.

    Args:
        ids: List of ids, or `IdFile`, which can be read several times.
        users: Whether these are users, whose history is stored; else items.

    Attributes:
        count: Number of queries.
        fingerprint: Hash of the ids in their order, and of features of the request.
        context: Names of the features of the request that the file has.
    """

    def __init__(self, ids, users=True):
        self._ids, self._users = ids, users
        self.context = [] if isinstance(ids, list) else ids.context
        digest, self.count = hashlib.sha256(), 0
        for some, context in self._lists():
            self.count += len(some)
            for one in some:
                text = one.encode()
                digest.update(b"%d:%b" % (len(text), text))
            if context:
                digest.update(repr(context).encode())
        self.fingerprint = digest.hexdigest()

    def parts(self, start=0):
        """`Queries` of up to `PART_ROWS` rows, from row `start` on."""
        rows = itertools.chain.from_iterable(
            zip(ids, *context.values(), strict=True) for ids, context in self._lists()
        )
        rows = itertools.islice(rows, start, None)
        while some := list(itertools.islice(rows, PART_ROWS)):
            ids, *columns = map(list, zip(*some, strict=True))
            context = dict(zip(self.context, columns, strict=True))
            yield Queries(ids, ids if self._users else None, context=context)

    def _lists(self):
        return [(self._ids, {})] if isinstance(self._ids, list) else self._ids.rows()
