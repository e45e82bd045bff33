"""A folder of exported events, as a store without new ones."""

import collections
import pathlib

from kerasrec.errors import InputError
from kerasrec.events.arrow_events import arrow_schema, from_arrow, to_arrow
from kerasrec.events.event_store import PAGE, EventStore, check_one, pages
from kerasrec.events.export_events import GROUP, segments
from kerasrec.events.sql_store import as_day
from kerasrec.files.folder_lock import FolderLock
from kerasrec.files.replacing import replacing

DAY = 86_400


class ParquetStore(EventStore):
    """Reads what `export_events` wrote, and deletes from it; appending is refused.

    Args:
        folder: The folder of the files.

    Raises:
        InputError: if there is no such folder.
    """

    def __init__(self, folder):
        self._folder, self.url = pathlib.Path(folder), f"parquet:{folder}"
        self._group = (None, [])  # the last row group that was read, and its events
        if not self._folder.is_dir():
            raise InputError(f"{self.url}: no such folder; `kerasrec events URL --export` makes it")

    def append_all(self, batches):
        raise InputError(f"{self.url} is an export: write to the store that it comes from")

    def read(self, after=0, limit=PAGE, since=None, until=None, kind=None):
        found = []
        for _, last, path in segments(self._folder):
            if last <= after:
                continue
            for cursor, event in self._events(path, after):
                early = since is not None and event.time < since
                late = until is not None and event.time >= until
                if early or late or kind not in (None, event.kind):
                    continue
                found.append((cursor, event))
                if len(found) == limit:
                    return found
        return found

    def recent(self, user=None, session=None, limit=100, kind=None):
        check_one(user, session)
        name, value = ("user", user) if session is None else ("session", session)
        found = [pair for page in pages(self, kind=kind) for pair in page]
        found = [pair for pair in found if getattr(pair[1], name) == value]
        found.sort(key=lambda pair: (-pair[1].time, -pair[0]))
        return [event for _, event in found[:limit]]

    def delete_users(self, users):
        users = set(users)
        own = [event for event in self._all() if event.user in users]
        sessions = {event.session for event in own} - {None}
        strangers = [event for event in self._all() if event.user is None]
        visits = [event for event in strangers if event.session in sessions]
        requests = {event.request for event in [*own, *visits]} - {None}

        def theirs(event):
            linked = event.session in sessions or event.request in requests
            return event.user in users or (event.user is None and linked)

        return self._delete(theirs)

    def delete_before(self, time, most=10_000):
        return self._delete(lambda event: event.time < time)

    def counts(self):
        found = collections.Counter(
            (event.kind, as_day(int(event.time // DAY)), event.version) for event in self._all()
        )
        rows = [(*key, number) for key, number in found.items()]
        return sorted(rows, key=lambda row: (row[0], row[1], row[2] or ""))

    def last_cursor(self):
        return max((last for _, last, _ in segments(self._folder)), default=0)

    def size(self):
        return sum(path.stat().st_size for _, _, path in segments(self._folder))

    def close(self):
        self._group = (None, [])

    def _all(self):
        return (event for page in pages(self, limit=GROUP) for _, event in page)

    def _events(self, path, after):
        """The events of a file behind a cursor."""
        import pyarrow.parquet as parquet

        with parquet.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                bounds = file.metadata.row_group(number).column(0).statistics
                if bounds is not None and bounds.has_min_max and bounds.max <= after:
                    continue
                key, events = self._group
                if key != (path, number):
                    events = from_arrow(file.read_row_group(number))
                    self._group = ((path, number), events)
                yield from (pair for pair in events if pair[0] > after)

    def _delete(self, unwanted):
        """Rewrites the files that have such events; a file that has no other stays, empty."""
        import pyarrow.parquet as parquet

        deleted = 0
        with FolderLock(self._folder):
            for _, _, path in segments(self._folder):
                pairs = list(self._events(path, 0))
                kept = [pair for pair in pairs if not unwanted(pair[1])]
                if len(kept) == len(pairs):
                    continue
                with replacing(path) as partial:
                    with parquet.ParquetWriter(partial, arrow_schema()) as writer:
                        for start in range(0, len(kept), GROUP):
                            writer.write_table(to_arrow(kept[start : start + GROUP]))
                deleted += len(pairs) - len(kept)
                self._group = (None, [])
        return deleted
