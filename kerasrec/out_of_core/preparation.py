"""The steps of a preparation, one after the other."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import kerasrec
from kerasrec.data.clean import Clean
from kerasrec.data.table import only_one
from kerasrec.out_of_core.database import single_row
from kerasrec.out_of_core.filter_rows import filter_rows, floor_seconds, renumber_ids
from kerasrec.out_of_core.prepared import FORMAT, PARTS
from kerasrec.out_of_core.protocols import PROTOCOLS
from kerasrec.out_of_core.source import Source
from kerasrec.out_of_core.vocabularies import number_ids
from kerasrec.out_of_core.write_parts import split_rows, write_behaviors, write_ids, write_part

STEPS = ("read", "number", "merge", "clean", "sort", "split", "write")


class Preparation:
    """From a source to the files of a prepared folder.

    Args:
        database: an empty one, see `opened`.
        table: the source.
        arguments: {"columns", "split", "clean"}, checked, as they are kept in the manifest.
        known: "user", "item", "behavior" -> ids that have the first rows.
        progress: called with a line whenever a step begins; None = nobody.
    """

    def __init__(
        self,
        database: Any,
        table: Source,
        arguments: dict[str, Any],
        known: Mapping[str, Sequence[str]],
        progress: Callable[[str], None] | None,
    ):
        self._database, self._table, self._arguments = database, table, arguments
        self._known = known
        self._progress = progress or (lambda line: None)
        self._clean = Clean.of(arguments["clean"])
        self._steps = [step for step in STEPS if step != "clean" or self._clean.leaves_out]
        self._start, self._read = time.monotonic(), 0

    def write(self, folder: Path) -> dict[str, Any]:
        """Writes all tables; returns the manifest.

        Raises:
            InputError: see `prepare`.
        """
        database, table = self._database, self._table
        self._say("read")
        table.load(database, self._advance)
        scale = table.time_unit(database) if "timestamp" in table.columns else None
        self._say("number")
        counts = {"rows_read": table.rows}
        ids = [key for key in ("user", "item", "behavior") if key in table.columns]
        counts |= {f"{key}s": number_ids(database, table, key, self._known[key]) for key in ids}
        self._say("merge")
        in_order = "timestamp" in table.columns and _is_in_order(database)
        counts["duplicates_merged"] = _merge(database, table, ids)
        if "timestamp" in table.columns:
            counts["out_of_order"] = 0 if in_order else _count_late(database)
            counts["equal_times"] = _count_equal_times(database)
        dropped: dict[str, int] = {}
        if self._clean.leaves_out:
            self._say("clean")
            dropped = filter_rows(database, table, self._clean, scale)
            counts |= {
                f"{key}s": renumber_ids(database, key, len(self._known[key]))
                for key in ids
                if dropped
            }
        for key in ("user", "item"):
            if counts[f"{key}s"] < 2 and not len(self._known[key]):
                only = single_row(database, f"select id from {key}s")[0]
                raise only_one(table.where, table.columns[key], key, only)
        self._say("sort")
        _sort(database, table, scale)
        rows = table.rows - counts["duplicates_merged"] - sum(dropped.values())
        self._say("split")
        options = dict(self._arguments["split"])
        make, unseen = PROTOCOLS[options.pop("protocol")], options.pop("unseen", None)
        for fixed in ("given", "among"):  # checked to be what is prepared
            options.pop(fixed, None)
        part, notes = make(database, rows, **options)
        notes = split_rows(database, part, {**self._arguments["split"], "unseen": unseen}, notes)
        self._say("write")
        counts |= {name: write_part(database, folder, n) for n, name in enumerate(PARTS)}
        for key in ("user", "item"):
            write_ids(database, folder, key)
        if "behavior" in ids:
            write_behaviors(database, folder)
        return {
            "format": FORMAT,
            "kerasrec": kerasrec.__version__,
            "sources": table.files,
            **self._arguments,
            "known": {key: len(ids) for key, ids in self._known.items()},
            "counts": counts,
            "dropped": dropped,
            "notes": notes,
        }

    def _say(self, step: str) -> None:
        seconds = time.monotonic() - self._start
        place = f"{self._steps.index(step) + 1} of {len(self._steps)}"
        self._progress(f"{place}, {step}: {self._table.rows:,} rows, {seconds:.0f} s so far")

    def _advance(self, rows: int) -> None:
        self._read += rows
        if len(self._table.parts.files) > 1:
            total, seconds = self._table.rows, time.monotonic() - self._start
            left = seconds * (total - self._read) / max(self._read, 1)
            self._progress(
                f"read {self._read:,} of {total:,} rows, about {left:.0f} s left to read"
            )


def _merge(database: Any, table: Source, ids: list[str]) -> int:
    """Makes `events` of `raw`: rows of the catalogs; of equal rows the last. Returns the merged."""
    same = [*ids, *(["ord"] if "timestamp" in table.columns else [])]
    same += ["fold"] if "fold" in table.columns else []
    columns = [f"{name}s.row as {name}" if name in ids else name for name in same]
    columns = ["fold::int as fold" if name == "fold" else name for name in columns]
    columns += ["value::float as value"] if "value" in table.columns else []
    joins = " ".join(f"join {key}s on raw.{key} = {key}s.id" for key in ids)
    database.execute(
        f"create table events as select position, {', '.join(columns)} from raw {joins}"
    )
    database.execute("drop table raw")
    database.execute(f"""
        create table repeated as select {", ".join(same)}, max(position) as latest
        from events group by {", ".join(same)} having count(*) > 1
    """)
    equal = " and ".join(f"events.{name} = repeated.{name}" for name in same)
    query = f"delete from events using repeated where {equal} and position < repeated.latest"
    (merged,) = single_row(database, query)
    database.execute("drop table repeated")
    return merged


def _is_in_order(database: Any) -> bool:
    """Whether the source is sorted by time."""
    query = "select count(*) from (select ord < lag(ord) over () as late from raw) where late"
    return single_row(database, query) == (0,)


def _count_late(database: Any) -> int:
    """Rows that are earlier than a row of the same user above them."""
    (count,) = single_row(
        database,
        """select count(*) from (
            select ord < max(ord) over (
                partition by user order by position rows between unbounded preceding and 1 preceding
            ) as late from events
        ) where late""",
    )
    return count


def _count_equal_times(database: Any) -> int:
    """Rows at a time at which the same user has another row."""
    times = "select count(*) as rows from events group by user, ord having count(*) > 1"
    return int(single_row(database, f"select coalesce(sum(rows), 0) from ({times})")[0])


def _sort(database: Any, table: Source, scale: int | None) -> None:
    """Makes `placed` of `events`, in time order; equal times in the order of the source."""
    columns = [key for key in table.columns if key != "timestamp"]
    order = "position"
    if "timestamp" in table.columns:
        order = "ord, position"
        columns.append(f"{floor_seconds(scale)} as timestamp")
    database.execute(
        f"create table placed as select {', '.join(columns)} from events order by {order}"
    )
    database.execute("drop table events")
