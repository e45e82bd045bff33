"""The checked rows of a table of interactions, without duplicates and in time order."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.clean import Clean
from kerasrec.data.row_filters import filter_rows
from kerasrec.data.row_order import RowOrder
from kerasrec.data.table import Table
from kerasrec.errors import InputError

COLUMNS = ("user", "item", "timestamp", "value", "behavior", "fold")


@dataclasses.dataclass(frozen=True, eq=False)
class CleanRows:
    """What is left of a table once bad rows and duplicates are gone; n rows in time order.

    Args:
        columns: key -> column of the table, for those of `COLUMNS` that there are.
        positions: int (n,), the rows of the table.
        ids: "user", "item" and where there is one "behavior" -> (codes, texts): codes int (n,)
            index the external ids in texts, each of which occurs.
        timestamp: int64 (n,) Unix seconds, or None.
        value: float64 (n,), or None.
        fold: int32 (n,), or None.
        rows_read: data rows of the table.
        duplicates_merged: rows left out because a later one says the same.
        out_of_order: rows that are earlier than a row of the same user above them.
        equal_times: rows at a time at which the same user has another row.
    """

    columns: dict[str, Any]
    positions: np.ndarray
    ids: dict[str, tuple[np.ndarray, np.ndarray]]
    timestamp: np.ndarray | None
    value: np.ndarray | None
    fold: np.ndarray | None
    rows_read: int
    duplicates_merged: int
    out_of_order: int
    equal_times: int

    def __len__(self) -> int:
        return len(self.ids["user"][0])

    @classmethod
    def of(
        cls,
        table: Table,
        columns: Mapping[str, Any] | None,
        clean: Clean | None = None,
    ) -> "CleanRows":
        """Check every column of a table and keep the rows that count.

        Args:
            table: whose `dropped` and `repaired` then say what was done.
            columns: key -> column, see `Interactions.from_frame`.
            clean: what to leave out, and how values and times are written.

        Raises:
            InputError: a missing column, a bad value, no rows.
        """
        clean = Clean() if clean is None else clean
        columns = table.resolve(columns, COLUMNS, needed=("user", "item"))
        if "value" not in columns and (clean.values or clean.decimal):
            option = "values" if clean.values else "decimal"
            raise InputError(
                f"{table.where}: clean.{option} reads the column value, which the table does not "
                f"have: map it, as columns: {{value: ...}}. Columns: {table.header}."
            )
        if not len(table.frame):
            raise InputError(f"{table.where}: no data rows.")
        if clean.item_lists:
            table.explode("item", columns["item"])
        keys = [key for key in ("user", "item", "behavior") if key in columns]
        ids = {key: table.texts(key, columns[key]) for key in keys}
        order, timestamp, value, fold = None, None, None, None
        if "timestamp" in columns:
            order, timestamp = table.times("timestamp", columns["timestamp"], clean.time_format)
        if "value" in columns and clean.values:
            value = table.words("value", columns["value"], clean.values)
        elif "value" in columns:
            value = table.numbers("value", columns["value"], clean.decimal)
        if "fold" in columns:
            fold = table.integers("fold", columns["fold"])

        # Now that every column was read, `table.keep` marks the good rows.
        same = {key: codes for key, (codes, _) in ids.items()}
        same |= {} if fold is None else {"fold": fold}
        rows = RowOrder(np.flatnonzero(table.keep), order, same)
        kept, user, seconds = rows.positions, rows.users, rows.times
        if user is None:
            user = ids["user"][0][kept]
        if timestamp is not order:
            seconds = timestamp[kept]
        if clean.leaves_out or clean.time_format:
            stay, left_out = filter_rows(clean, user, ids["item"][0][kept], seconds)
            table.dropped |= left_out
            kept, user = kept[stay], user[stay]
            seconds = None if seconds is None else seconds[stay]
        if not len(kept):
            raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
        # Ids that only dropped rows have must not get a row in a catalog.
        codes = {key: user if key == "user" else codes[kept] for key, (codes, _) in ids.items()}
        if len(kept) < len(table.frame):
            ids = {key: _used(codes[key], texts) for key, (_, texts) in ids.items()}
        else:
            ids = {key: (codes[key], texts) for key, (_, texts) in ids.items()}
        return cls(
            columns=columns,
            positions=kept,
            ids=ids,
            timestamp=seconds,
            value=None if value is None else value[kept],
            fold=None if fold is None else fold[kept],
            rows_read=table.rows_read - table.dropped.get("blank line", 0),
            duplicates_merged=rows.merged,
            out_of_order=rows.out_of_order,
            equal_times=rows.equal_times,
        )


def _used(codes: np.ndarray, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same ids, without the texts that no code names."""
    used = np.zeros(len(texts), dtype=bool)
    used[codes] = True
    return (np.cumsum(used) - 1)[codes], texts[used]
