"""The events of a store as a stream of NDJSON or Parquet."""

import json

from kerasrec.events.event_store import PAGE, pages

GROUP = 5000  # events of a row group
MEDIA = {"ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


def export_stream(store, form, after):
    """Yields bytes: the events behind a cursor, up to the last one of now, a page at a time.

    Args:
        store: An `EventStore`.
        form: "ndjson", an object a line with the cursor and the fields of the event, or "parquet".
        after: A cursor.
    """
    end = store.last_cursor()
    if form == "ndjson":
        for page in _pages(store, after, end, PAGE):
            lines = (json.dumps({"cursor": cursor, **event.to_dict()}) for cursor, event in page)
            yield "".join(f"{line}\n" for line in lines).encode()
        return
    import pyarrow.parquet as parquet

    from kerasrec.events.arrow_events import arrow_schema, to_arrow

    written = _Written()
    with parquet.ParquetWriter(written, arrow_schema()) as writer:
        for page in _pages(store, after, end, GROUP):
            writer.write_table(to_arrow(page))
            yield written.take()
    yield written.take()


def _pages(store, after, end, size):
    for page in pages(store, after, limit=size):
        chosen = [pair for pair in page if pair[0] <= end]
        if chosen:
            yield chosen
        if len(chosen) < len(page):
            return


class _Written:
    """A file that gives away what was written; Parquet never goes back."""

    closed = False

    def __init__(self):
        self._parts, self._size = [], 0

    def write(self, part):
        part = bytes(part)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self):
        return self._size

    def flush(self):
        pass

    def close(self):
        self.closed = True

    def take(self):
        parts, self._parts = self._parts, []
        return b"".join(parts)
