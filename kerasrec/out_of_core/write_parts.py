"""The parts of a split and the tables of ids, written as Parquet."""

from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.errors import InputError
from kerasrec.out_of_core.database import quoted, registered, single_row
from kerasrec.out_of_core.prepared import PARTS

# Rows of a row group: what a reader holds at once.
GROUP = 122_880


def split_rows(
    database: Any, part: np.ndarray, arguments: dict[str, Any], notes: list[str]
) -> list[str]:
    """Makes the table `parted` of `placed`: place, part (0, 1, 2) and the columns.

    Interactions of validation and test whose user or item has no train interaction are left out
    with `unseen="drop"`.

    Returns:
        The notes, and those on unseen users and items.

    Raises:
        InputError: nothing is left for a part that was asked for.
    """
    held = np.flatnonzero(part)
    with registered(database, "held", place=held, part=part[held]):
        database.execute("""
            create table parted as
            select p.rowid as place, coalesce(h.part, 0)::tinyint as part, p.*
            from placed p left join held h on p.rowid = h.place
        """)
    database.execute("drop table placed")
    for key in ("user", "item"):
        database.execute(
            f"create table seen_{key}s as select distinct {key} from parted where part = 0"
        )
    protocol, notes = arguments["protocol"], list(notes)
    for number, share in _asked(arguments):
        notes += _check_part(database, number, share, protocol, arguments["unseen"], notes)
    if not (part == 0).any():
        raise InputError(f"The {protocol} split leaves nothing to train on.")
    return notes


def _asked(arguments: dict[str, Any]) -> list[tuple[int, float]]:
    """(number, share) of validation and of test; "none" has neither."""
    if arguments["protocol"] == "none":
        return []
    return [(1, float(arguments["validation"])), (2, float(arguments.get("test", 1.0)))]


def _check_part(
    database: Any, number: int, share: float, protocol: str, unseen: str, notes: list[str]
) -> list[str]:
    user_new = "user not in (select user from seen_users)"
    item_new = "item not in (select item from seen_items)"
    item_new = "false" if protocol == "cold-items" else item_new
    query = f"""
        select count(*), count(*) filter (new_user or new_item),
               count(distinct user) filter (new_user), count(distinct item) filter (new_item)
        from (select user, item, {user_new} as new_user, {item_new} as new_item
              from parted where part = {number})
    """
    total, new, users, items = single_row(database, query)
    found, left = [], total
    if new:
        found.append(
            f"{PARTS[number]}: {new:,} of {total:,} interactions have a user or item without "
            f"any in train (users: {users:,}, items: {items:,}); "
            f"{'dropped' if unseen == 'drop' else 'kept'}."
        )
    if new and unseen == "drop":
        left -= new
        database.execute(f"delete from parted where part = {number} and ({user_new} or {item_new})")
    if share and not left:
        (rows,) = single_row(database, "select count(*) from parted")
        raise InputError(
            f"The {protocol} split leaves nothing for {PARTS[number]} of {rows + new:,} "
            "interactions. " + " ".join(notes + found)
        )
    return found


def write_part(database: Any, folder: Path, number: int) -> int:
    """Writes one part, sorted by user and then in time order; returns its rows."""
    (folder / PARTS[number]).mkdir()
    columns = [name for name, *_ in database.execute("describe parted").fetchall()]
    columns = ", ".join(name for name in columns if name not in ("place", "part"))
    _copy(
        database,
        f"select {columns}, place from parted where part = {number} order by user, place",
        folder / PARTS[number] / "0.parquet",
    )
    return single_row(database, f"select count(*) from parted where part = {number}")[0]


def write_ids(database: Any, folder: Path, key: str) -> None:
    """Writes the ids of users or items with their rows, and how often each part has them."""
    counts = ", ".join(
        f"count(*) filter (part = {number}) as {name}" for number, name in enumerate(PARTS)
    )
    columns = ", ".join(f"coalesce({name}, 0)::bigint as {name}" for name in PARTS)
    _copy(
        database,
        f"select row, id, {columns} from {key}s left join "
        f"(select {key}, {counts} from parted group by {key}) on row = {key} order by row",
        folder / f"{key}s.parquet",
    )


def write_behaviors(database: Any, folder: Path) -> None:
    """Writes the names of the behaviors with their rows."""
    _copy(database, "select row, id from behaviors order by row", folder / "behaviors.parquet")


def _copy(database: Any, query: str, path: Path) -> None:
    database.execute(
        f"copy ({query}) to {quoted(path)} "
        f"(format parquet, compression zstd, row_group_size {GROUP})"
    )
