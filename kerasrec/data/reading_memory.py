"""The memory that a table will take, before it is read."""

from collections.abc import Mapping
from typing import Any

from kerasrec.errors import InputError
from kerasrec.tables.memory import GIB, free_memory

CODE = 4  # bytes of a code of an id, and of the place of a text in its column
NUMBER = 8
SORTING = 32  # bytes a row: order in time, order by user, users and items in that order
ON_DISK = (
    "Read fewer rows or columns, or leave the table on disk: `data.out_of_core` of a config, "
    "`kerasrec.out_of_core.prepare` in Python (docs/out_of_core.md)."
)
TEXT_FILE = "Write it as Parquet, which need not fit into memory. " + ON_DISK


def check_rows(where: str, rows: int, widths: Mapping[Any, float], advice: str) -> None:
    """InputError, with the calculation, if the columns of so many rows do not fit into memory.

    Args:
        where: the name of the table.
        rows: how many, as far as is known before reading.
        widths: column -> bytes of a row at the peak.
        advice: what to do, at the end of the message.

    >>> check_rows("log.parquet", 1000, {"user": 17, "item": 17}, "")
    """
    needed, free = needed_bytes(rows, widths), free_memory()
    if needed <= free:
        return
    parts = [f"{name} {width:.0f}" for name, width in widths.items()] + [f"sorting {SORTING}"]
    raise InputError(
        f"{where}: {rows:,} rows x ({' + '.join(parts)}) bytes = {needed / GIB:,.1f} GiB, and "
        f"{free / GIB:,.1f} GiB of memory are free. {advice}"
    )


def needed_bytes(rows: int, widths: Mapping[Any, float]) -> float:
    """Bytes of memory that reading so many rows takes at its peak."""
    return rows * (sum(widths.values()) + SORTING)


def text_width(length: float, is_id: bool) -> float:
    """Bytes of a row of a text column: an id is a text while it is read, and a code afterwards."""
    return length + CODE + (CODE if is_id else NUMBER)
