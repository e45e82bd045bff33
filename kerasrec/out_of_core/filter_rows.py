"""The options of `Clean` on a table that DuckDB holds; memory has them in `data.row_filters`."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kerasrec.data.clean import Clean
from kerasrec.data.row_filters import MINUTE, check_times, reason_of
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.out_of_core.database import single_row
from kerasrec.out_of_core.source import Source

# Options that read a text, and what does the same in a query.
_IN_SQL = {
    "values": "case how when 'buy' then 5 when 'view' then 1 end as value",
    "time_format": "strptime(day, '%d.%m.%Y') as timestamp",
    "decimal": "replace(price, ',', '.')::double as value",
    "item_lists": "unnest(items) as item",
}


def check_clean(clean: Clean | Mapping[str, Any] | None, columns: Mapping[str, Any]) -> dict:
    """The options that were given; InputError for one that is not prepared.

    >>> check_clean({"start": "2024-01-01", "k_core": False}, {"timestamp": "at"})
    {'start': 1704067200}

    Args:
        clean: `Clean`, or its options.
        columns: key -> column of the table.
    """
    clean = Clean.of(clean)
    for name, example in _IN_SQL.items():
        if getattr(clean, name):
            raise InputError(
                f"clean.{name}: `prepare` reads no texts but ids. Write the column so by a query: "
                f'SqlQuery("select ..., {example} from ...") as the source.'
            )
    check_times(clean, "timestamp" in columns)
    options = dataclasses.asdict(clean).items()
    return {name: value for name, value in options if value is not None and value is not False}


def filter_rows(database: Any, source: Source, clean: Clean, scale: int | None) -> dict[str, int]:
    """Deletes rows of the table `events`, in the order and by the rules of `Clean`.

    Args:
        scale: how many units of `ord` are a second; None without times.

    Returns:
        By reason, how many rows were left out.

    Raises:
        InputError: no rows are left.
    """
    dropped: dict[str, int] = {}

    def leave_out(option: str, condition: str) -> int:
        (count,) = single_row(database, f"delete from events where {condition}")
        if count:
            reason = reason_of(clean, option)
            dropped[reason] = dropped.get(reason, 0) + count
        return count

    if clean.start is not None:
        leave_out("start", f"ord < {clean.start * scale}")
    if clean.end is not None:
        leave_out("end", f"ord >= {clean.end * scale}")
    order = "position" if scale is None else "ord, position"
    if (most := clean.max_events_per_minute) is not None:
        leave_out("max_events_per_minute", _of_bots(most, order, scale))
    if (most := clean.max_events_per_user) is not None:
        leave_out("max_events_per_user", _before_the_latest(most, order))
    least = {key: getattr(clean, f"min_{key}_events") for key in ("user", "item")}
    least = {key: number for key, number in least.items() if number is not None}
    left_out = True
    while least and left_out:
        # Both are counted before either is left out.
        for key, number in least.items():
            database.execute(
                f"create or replace table few_{key}s as "
                f"select {key} from events group by {key} having count(*) < {number}"
            )
        few = [(f"min_{key}_events", f"{key} in (select {key} from few_{key}s)") for key in least]
        left_out = sum(leave_out(*one) for one in few) > 0 and clean.k_core
    if not single_row(database, "select count(*) from events")[0]:
        raise InputError(f"{source.where}: no rows are left; dropped: {dropped}.")
    return dropped


def floor_seconds(scale: int) -> str:
    """The Unix second of `ord`, rounded down, also before 1970, where // rounds towards zero."""
    return f"((ord - ((ord % {scale}) + {scale}) % {scale}) // {scale})"


def _of_bots(most: int, order: str, scale: int) -> str:
    return f"""user in (
        select user from (
            select user, second - lag(second, {most}) over (partition by user order by {order})
                as seconds
            from (select *, {floor_seconds(scale)} as second from events where {_more_than(most)})
        ) where seconds < {MINUTE}
    )"""


def _before_the_latest(most: int, order: str) -> str:
    backwards = order.replace(",", " desc,") + " desc"
    return f"""position in (
        select position from (
            select position, row_number() over (partition by user order by {backwards}) as place
            from events where {_more_than(most)}
        ) where place > {most}
    )"""


def _more_than(most: int) -> str:
    """Few users have more: only their rows are sorted."""
    return f"user in (select user from events group by user having count(*) > {most})"


def renumber_ids(database: Any, key: str, given: int = 0) -> int:
    """Takes the rows of ids that no row of `events` has any more; the others move up, in order.

    Ids are numbered before rows are left out: their order is that of the whole source, as in
    memory.

    Args:
        given: how many of the first ids stay, whether they have rows or not.

    Returns:
        How many ids there are.
    """
    database.execute(f"""
        create table used as
        select id, row as old, (row_number() over (order by row) + {FIRST - 1})::int as row
        from {key}s where row in (select {key} from events) or row < {FIRST + given}
    """)
    count, moved = single_row(database, "select count(*), bool_or(row < old) from used")
    if moved:  # else the last ids are gone at most
        database.execute(f"""
            create table renumbered as
            select events.* replace (used.row as {key}) from events join used on {key} = used.old
        """)
        database.execute("drop table events")
        database.execute("alter table renumbered rename to events")
    database.execute(f"create or replace table {key}s as select id, row from used")
    database.execute("drop table used")
    return count
