"""Writes a store to a folder of Parquet files."""

import pathlib

from kerasrec.events.arrow_events import arrow_schema, to_arrow
from kerasrec.events.event_store import pages
from kerasrec.files.folder_lock import FolderLock
from kerasrec.files.replacing import remove_leftovers, replacing

SEGMENT, GROUP = 100_000, 5000  # events of a file, and of a row group in it


def export_events(store, folder):
    """Appends the events of a store that a folder does not have yet.

    A file is named by its first and last cursor, and is complete or absent. A second export goes on
    behind the last one, also after a kill. Only a row group is in memory.

    Args:
        store: `EventStore`.
        folder: Made if missing. `open_store("parquet:FOLDER")` reads it.

    Returns:
        The number of events written.

    Raises:
        InputError: if the disk is full, or another process writes to the folder.
    """
    folder = pathlib.Path(folder)
    with FolderLock(folder):
        remove_leftovers(folder)
        after = max((last for _, last, _ in segments(folder)), default=0)
        end, written = store.last_cursor(), 0
        while after < end:
            found = _write_segment(store, folder, after)
            if not found:
                break
            after, count = found
            written += count
    return written


def segments(folder):
    """[(first cursor, last cursor, path)] of the files of a folder, in their order.

    >>> segments("no/such/folder")
    []
    """
    paths = sorted(pathlib.Path(folder).glob("events-*-*.parquet"))
    parts = [path.stem.split("-") for path in paths]
    return [
        (int(part[1]), int(part[2]), path)
        for part, path in zip(parts, paths, strict=True)
        if len(part) == 3 and part[1].isdecimal() and part[2].isdecimal()
    ]


def _write_segment(store, folder, after):
    """Writes the next file; returns its last cursor and its number of events, or None."""
    import pyarrow.parquet as parquet

    first, count, last = None, 0, after
    # The last cursor, which is part of the name, is known at the end.
    with replacing(folder / ".segment.parquet") as partial:
        with parquet.ParquetWriter(partial, arrow_schema()) as writer:
            for page in pages(store, after, limit=GROUP):
                writer.write_table(to_arrow(page))
                first, last = first or page[0][0], page[-1][0]
                count += len(page)
                if count >= SEGMENT:
                    break
    whole = folder / ".segment.parquet"
    if first is None:
        whole.unlink()
        return None
    whole.rename(folder / f"events-{first:015}-{last:015}.parquet")
    return last, count
