"""The types of columns that are prepared."""

import dataclasses
from typing import Any

from kerasrec.errors import InputError

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
INTEGERS += tuple(f"U{name}" for name in INTEGERS)
FLOATS = ("FLOAT", "DOUBLE")


@dataclasses.dataclass(frozen=True)
class ColumnType:
    """A type of column: what is stored of it, and the types of DuckDB that it may have.

    Args:
        sql: the stored value, of the column `{0}`.
        types: DuckDB's names of the types, by their beginning.
        expected: the types, in words.
    """

    sql: str
    types: tuple[str, ...]
    expected: str


_ID = ColumnType("{0}::varchar", (*INTEGERS, "VARCHAR", "ENUM"), "text or integers")
_NUMBER = ColumnType(
    "{0}::double", (*INTEGERS, *FLOATS, "HUGEINT", "DECIMAL", "BOOLEAN"), "numbers"
)
_TYPES = {
    "user": _ID,
    "item": _ID,
    "behavior": _ID,
    "value": _NUMBER,
    "fold": ColumnType("{0}::bigint", INTEGERS, "integers"),
}
_DATES = ColumnType("epoch_us({0})", ("TIMESTAMP", "DATE"), "times or integers")
_NANOSECONDS = ColumnType("epoch_ns({0}) // 1000", ("TIMESTAMP_NS",), "times or integers")
_WHOLE_TIMES = ColumnType("{0}::bigint", INTEGERS, "times or integers")


def column_type(where: str, key: str, column: Any, kind: str) -> ColumnType:
    """How a column of one of DuckDB's types is stored; InputError for a type that is not read."""
    if key != "timestamp":
        found = _TYPES[key]
    elif kind == "TIMESTAMP_NS":
        found = _NANOSECONDS
    else:
        found = _WHOLE_TIMES if kind in INTEGERS else _DATES
    if not kind.startswith(found.types) or kind.endswith("]"):  # VARCHAR[] is a list
        raise InputError(
            f"{where}: column {column!r} (for {key!r}) is {kind}; expected {found.expected}. "
            "`prepare` converts nothing: write the column so, or cast it by a query (`SqlQuery`)."
        )
    return found
