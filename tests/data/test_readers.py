"""The same table through every reader: the same ids, the same rows or the same refusal.

A case has the table, by columns, and what must come of it, written out by hand: its rows in time
order as (user, item, value), or the row that is refused and the sentence. `left` are the rows that
are left with `on_error="drop"`, "refused" where that is refused as well.
"""

import dataclasses
import datetime
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError

TEXT, TYPED = ("csv", "tsv", "csv folder"), ("frame", "arrow")
PARQUET = ("parquet", "parquet folder")
ALL = TEXT + TYPED + PARQUET


@dataclasses.dataclass
class Case:
    columns: dict[str, Any]
    rows: list[tuple] | None = None
    refused: tuple[int | None, str] | None = None  # position, sentence
    left: list[tuple] | str = "refused"
    readers: tuple[str, ...] = ALL


def users(values, **options):
    """A table of four rows with these users."""
    return Case({"user": values, "item": ["w", "x", "y", "z"]}, **options)


def by(*names):
    """The rows of `users`, with these ids; None = left out."""
    pairs = zip(names, "wxyz", strict=True)
    return [(name, item, 1.0) for name, item in pairs if name is not None]


def values(column, **options):
    columns = {"user": ["a", "b", "a", "b"], "item": ["x", "x", "y", "y"], "value": column}
    return Case(columns, **options)


def valued(*numbers):
    pairs = zip("abab", "xxyy", numbers, strict=True)
    return [row for row in pairs if row[2] is not None]


def times(column, **options):
    columns = {"user": ["a", "b", "a", "b"], "item": ["x", "x", "y", "y"], "timestamp": column}
    return Case(columns, **options)


LATE, EARLY = ("b", "x", 1.0), ("a", "x", 1.0)
IN_TIME = [EARLY, ("a", "y", 1.0), LATE, ("b", "y", 1.0)]
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
BOUND = "whole numbers are exact below"
NO_ID = "is no id: expected text or integers"
NOT_CSV = TYPED + PARQUET
BIG = 2**60 + 1

CASES = {
    "text": users(["ann", "bob", "ann", "cem"], rows=by("ann", "bob", "ann", "cem")),
    "integers": users([1, 2, 1, 3], rows=by("1", "2", "1", "3")),
    "leading zeros": users(["007", "7", "07", "7.0"], rows=by("007", "7", "07", "7.0")),
    "large integers": users([BIG, BIG + 1, BIG, 5], rows=by(str(BIG), str(BIG + 1), str(BIG), "5")),
    "integers with a gap": users(
        pd.array([BIG, None, BIG + 1, 5], dtype="Int64"),
        refused=(1, "the user is missing"),
        left=by(str(BIG), None, str(BIG + 1), "5"),
    ),
    "floats with a gap": users(
        [4.0, None, 7.0, 5.0],
        refused=(1, "the user is missing"),
        left=by("4", None, "7", "5"),
    ),
    "whole floats": users([4.0, 7.0, -0.0, 5.0], rows=by("4", "7", "0", "5")),
    "float32": users(
        np.array([4, 7, 16777215, 5], "float32"), rows=by("4", "7", "16777215", "5")
    ),
    "too large for float32": users(
        np.array([4, 7, 16777217, 5], "float32"),
        refused=(2, f"(16777216.0|'1.6777216e.07') is no id: as float32 .*{BOUND} 16,777,216"),
        left=by("4", "7", None, "5"),
    ),
    "too large for float16": users(
        np.array([4, 7, 2049, 5], "float16"),
        refused=(2, f"2048.0 is no id: as float16 .*{BOUND} 2,048"),
        left=by("4", "7", None, "5"),
        readers=NOT_CSV,  # a file says 2048.0, which a float64 holds
    ),
    "too large for float64": users(
        [4.0, 7.0, 2.0**53, 5.0],
        refused=(2, f"9007199254740992.0'? is no id: as float64 .*{BOUND} 9,007,199,254,740,992"),
        left=by("4", "7", None, "5"),
    ),
    "so large that it is written 1e+18": users(
        [4.0, 7.0, 1e18, 5.0],
        refused=(2, f"is no id: as float64 .*{BOUND}"),
        left=by("4", "7", None, "5"),
    ),
    "fractions": users(
        [4.0, 7.0, 1.5, 5.0],
        refused=(2, f"1.5 {NO_ID}"),
        left=by("4", "7", None, "5"),
        readers=NOT_CSV,
    ),
    "fractions as text": users(["4.0", "7", "1.5", "5"], rows=by("4.0", "7", "1.5", "5")),
    "objects": users(
        np.array([4.0, "4", np.float32(7), decimal.Decimal("5.00")], dtype=object),
        rows=by("4", "4", "7", "5"),
        readers=("frame",),
    ),
    "a fraction among objects": users(
        np.array(["x", "y", 1.5, "z"], dtype=object),
        refused=(2, f"1.5 {NO_ID}"),
        left=by("x", "y", None, "z"),
        readers=("frame",),
    ),
    "a lost integer among objects": users(
        np.array(["x", "y", np.float32(2**24), 2.0**52], dtype=object),
        refused=(2, f"16777216.0 is no id: as float32 .*{BOUND}"),
        left=by("x", "y", None, str(2**52)),
        readers=("frame",),
    ),
    "decimals": users(
        [decimal.Decimal(text) for text in ("4.00", "7.00", "1.50", "5.00")],
        refused=(2, f"Decimal\\('1.50'\\) {NO_ID}"),
        left=by("4", "7", None, "5"),
        readers=NOT_CSV,
    ),
    "large decimals": users(
        np.array([decimal.Decimal("1e50"), 7, decimal.Decimal("Infinity"), 5], dtype=object),
        refused=(2, f"Decimal\\('Infinity'\\) {NO_ID}"),
        left=by("1" + "0" * 50, "7", None, "5"),
        readers=("frame",),
    ),
    "category of floats": users(
        pd.Categorical(np.array([4, 7, 2**24, 4], "float32")),
        refused=(2, f"16777216.0 is no id: as float32 .*{BOUND}"),
        left=by("4", "7", None, "4"),
        readers=("frame",),
    ),
    "bools": users([True, False, True, False], rows=by("True", "False", "True", "False")),
    "times as ids": users(
        pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-02"]),
        refused=(0, NO_ID),
        readers=NOT_CSV,
    ),
    "blanks": users([" ann", "ann", "  ", "a b"],
        refused=(2, "the user is missing"), left=by(" ann", "ann", None, "a b")),
    "words for missing": users(["NA", "null", "None", "N/A"], rows=by("NA", "null", "None", "N/A")),
    "nan": users(["a", "b", "NaN", "c"],
        refused=(2, "'NaN' is no id: the user is missing"), left=by("a", "b", None, "c")),
    "unicode": users(["é", "e\u0301", "日本", "🙂"], rows=by("é", "e\u0301", "日本", "🙂")),
    "half a surrogate pair": users(
        np.array(["a", "b", "\ud800", "c"], dtype=object),
        refused=(2, "is no id: it holds half of a surrogate pair"),
        left=by("a", "b", None, "c"),
        readers=("frame",),
    ),
    "bytes": users([b"a", b"b", "é".encode(), b"c"], rows=by("a", "b", "é", "c"), readers=NOT_CSV),
    "bytes that are no text": users(
        [b"a", b"b", b"\xff\xfe", b"c"],
        refused=(2, "is no id: the bytes are not UTF-8 text; make them text first"),
        left=by("a", "b", None, "c"),
        readers=NOT_CSV,
    ),
    "bytes of a UUID": users(
        [b"a", b"b", bytes(range(16)), b"c"],
        refused=(2, r"is no id: the bytes hold control characters; .*uuid.UUID\(bytes=...\)"),
        left=by("a", "b", None, "c"),
        readers=NOT_CSV,
    ),
    "UUIDs": users(
        [uuid.UUID(int=1), UUID, uuid.UUID(int=1), UUID],
        rows=by(str(uuid.UUID(int=1)), str(UUID), str(uuid.UUID(int=1)), str(UUID)),
        readers=TEXT + ("frame",),
    ),
    "UUIDs of Parquet": users(
        pyarrow.array([uuid.UUID(int=1).bytes, UUID.bytes, None, UUID.bytes], pyarrow.binary(16)),
        refused=(2, "the user is missing"),
        left=by(str(uuid.UUID(int=1)), str(UUID), None, str(UUID)),
        readers=("arrow",) + PARQUET,
    ),
    "text that is no text": users(
        pyarrow.Array.from_buffers(
            pyarrow.string(), 4, pyarrow.array([b"a", b"b", b"\xff", b"c"]).buffers()
        ),
        refused=(2, "is no id: the bytes are not UTF-8 text"),
        left=by("a", "b", None, "c"),
        readers=("arrow",) + PARQUET,
    ),
    "lists as ids": users(
        [["a"], ["b"], ["a"], ["b"]],
        refused=(0, "is no id: expected single values"),
        readers=NOT_CSV,
    ),
    "a line break": users(
        ["a", "b", "c\nd", "e"],
        refused=(2, "is no id: it holds a line break"),
        left=by("a", "b", None, "e"),
        readers=NOT_CSV,
    ),
    "a line break in a text file": users(
        ["a", "b", "c\nd", "e"],
        refused=(2, "it holds a line break. Is a quote left open there"),
        readers=TEXT,
    ),
    "one user": users(["a"] * 4, refused=(None, "column 'user': 'a' is the only user; ")),
    "no rows": Case({"user": [], "item": []}, refused=(None, "no data rows")),
    "no such column": Case(
        {"userId": ["a", "b"], "item": ["x", "y"]},
        refused=(None, r"no column 'user' \(for 'user'\). The nearest is 'userId'"),
    ),
    "values": values([1, 2.5, "3", 4], rows=valued(1.0, 2.5, 3.0, 4.0), readers=TEXT + ("frame",)),
    "whole values": values([1, 2, 3, 4], rows=valued(1.0, 2.0, 3.0, 4.0)),
    "values as text": values(["1", "2.5", "3", "4"], rows=valued(1.0, 2.5, 3.0, 4.0)),
    "a missing value": values([1.0, 2.0, None, 4.0],
        refused=(2, "the value is missing"), left=valued(1.0, 2.0, None, 4.0)),
    "an infinite value": values([1.0, 2.0, np.inf, 4.0],
        refused=(2, "inf is not a finite number"), left=valued(1.0, 2.0, None, 4.0)),
    "a value beyond float32": values([1.0, 2.0, 1e39, 4.0],
        refused=(2, r"1e\+39 is beyond float32"), left=valued(1.0, 2.0, None, 4.0)),
    "a value below float32": values([1.0, 2.0, -1e39, 4.0],
        refused=(2, r"-1e\+39 is beyond float32"), left=valued(1.0, 2.0, None, 4.0)),
    "an integer beyond float64": values([1, 2, 10**400, 4],
        refused=(2, "is not a finite number"), left=valued(1.0, 2.0, None, 4.0),
        readers=TEXT + ("frame",)),
    "complex values": values(np.array([1, 2, 3j, 4]), refused=(0, "is not a number"),
        readers=TEXT + ("frame",)),
    "the largest value": values([1.0, 2.0, 3.4e38, 4.0],
        rows=valued(1.0, 2.0, float(np.float32(3.4e38)), 4.0)),
    "a word as value": values(["1", "2", "five", "4"],
        refused=(2, "'five' is not a number"), left=valued(1.0, 2.0, None, 4.0)),
    "seconds": times([10, 30, 20, 40], rows=IN_TIME),
    "milliseconds": times([1.7e12, 1.7e12 + 2, 1.7e12 + 1, 1.7e12 + 3], rows=IN_TIME),
    "ISO": times(["2024-01-01", "2024-01-03", "2024-01-02T23:00:00Z", "2024-01-04 00:00"],
        rows=IN_TIME),
    "datetimes": times(pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-02", "2024-01-04"]),
        rows=IN_TIME),
    "dates": times([datetime.date(2024, 1, day) for day in (1, 3, 2, 4)], rows=IN_TIME),
    "dates of Arrow": times(
        pd.array([datetime.date(2024, 1, day) for day in (1, 3, 2, 4)], "date32[day][pyarrow]"),
        rows=IN_TIME),
    "two units": times([1.7e12, 1.7e12 + 2, 1.7e9, 1.7e12 + 3],
        refused=(2, "does not look like milliseconds"), left=[EARLY, LATE, ("b", "y", 1.0)]),
    "a word as time": times(["2024-01-01", "2024-01-03", "soon", "2024-01-04"],
        refused=(2, "'soon' is not a time"), left=[EARLY, LATE, ("b", "y", 1.0)]),
    "all times bad": times(["soon", "now", "then", "late"],
        refused=(0, r"'soon' is not a time.* \(all 4 rows are like this\). Is it the right col")),
    "duplicates": Case(
        {"user": ["a", "b", "a", "b"], "item": ["x", "x", "x", "y"], "value": [1, 2, 3, 4]},
        rows=[("b", "x", 2.0), ("a", "x", 3.0), ("b", "y", 4.0)],
    ),
}  # fmt: skip


def frame_of(columns):
    is_object = {k: isinstance(v, np.ndarray) and v.dtype == object for k, v in columns.items()}
    return pd.DataFrame(
        {k: pd.Series(v, dtype=object) if is_object[k] else v for k, v in columns.items()}
    )


def arrow_of(columns):
    return pyarrow.table(
        {k: v if isinstance(v, pyarrow.Array) else pyarrow.array(v) for k, v in columns.items()}
    )


def read(reader, columns, folder, **options):
    """The rows as (user, item, value) by external ids, in their order."""
    if reader == "frame":
        return rows_of(Interactions.from_frame(frame_of(columns), **options))
    if reader == "arrow":
        return rows_of(Interactions.from_frame(arrow_of(columns), **options))
    if reader in TEXT:
        frame, separator = frame_of(columns), "\t" if reader == "tsv" else ","
        if reader == "csv folder":
            (folder / "parts").mkdir()
            frame[:2].to_csv(folder / "parts" / "0.csv", index=False)
            frame[2:].to_csv(folder / "parts" / "1.csv", index=False)
            return rows_of(Interactions.from_csv(folder / "parts", **options))
        frame.to_csv(folder / f"a.{reader}", index=False, sep=separator)
        return rows_of(
            Interactions.from_csv(folder / f"a.{reader}", separator=separator, **options)
        )
    table, path = arrow_of(columns), folder / "a.parquet"
    if reader == "parquet folder":
        path = folder / "parts"
        path.mkdir()
        parquet.write_table(table[:2], path / "0.parquet")
        parquet.write_table(table[2:], path / "1.parquet")
    else:
        parquet.write_table(table, path, row_group_size=3)
    return rows_of(Interactions.from_parquet(path, **options))


def rows_of(data):
    users = data.users.vocabulary.lookup(data.user).tolist()
    items = data.items.vocabulary.lookup(data.item).tolist()
    return list(zip(users, items, data.value.tolist(), strict=True))


def place(reader, position):
    """Where a reader says that a row of the table is."""
    part = position - 2 if "folder" in reader and position >= 2 else position
    return rf"row {part + 2 if reader in TEXT else part}, column '\w+': "


@pytest.mark.parametrize(
    ("name", "reader"), [(name, reader) for name, case in CASES.items() for reader in case.readers]
)
def test_every_reader_says_the_same(name, reader, tmp_path):
    case = CASES[name]
    if case.rows is not None:
        assert read(reader, case.columns, tmp_path) == case.rows
        return
    position, sentence = case.refused
    at = "" if position is None else place(reader, position)
    with pytest.raises(InputError, match=at + ".*" * bool(at) + sentence) as error:
        read(reader, case.columns, tmp_path)
    recommends = 'on_error="drop"' in str(error.value)
    assert recommends == (case.left != "refused")
    (tmp_path / "again").mkdir()
    if case.left == "refused":
        with pytest.raises(InputError):
            read(reader, case.columns, tmp_path / "again", on_error="drop")
    else:
        assert read(reader, case.columns, tmp_path / "again", on_error="drop") == case.left
