import gzip
import io

import pandas as pd
import pyarrow
import pytest

from kerasrec.data import text_columns, text_table
from kerasrec.data.text_table import read_csv
from kerasrec.errors import InputError

NAMES = ["user", "item", "value", "timestamp"]


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads a text; `read.by_pandas` says whether pandas read it."""

    def read(text, name="a.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        table = read_csv(tmp_path / name, ["user", "item"], NAMES)
        return table

    def by_arrow(*arguments):
        frame = text_columns.read_columns(*arguments)
        read.by_pandas = frame is None
        return frame

    monkeypatch.setattr(text_table, "read_columns", by_arrow)
    return read


def test_types_and_missing_values(read):
    table = read(
        'user,item,value,timestamp,note\n007,NA,5,10,x\n7,"a, ""b""",,11,""\n"",n,2.5,12,\n'
    )
    assert not read.by_pandas
    frame = table.frame
    assert frame["user"].tolist()[:2] == ["007", "7"] and frame["user"].isna().tolist()[2]
    assert frame["item"].tolist() == ["NA", 'a, "b"', "n"]
    assert frame["value"].isna().tolist() == [False, True, False] and frame["value"][2] == 2.5
    assert frame["timestamp"].dtype == "int64" and frame["timestamp"].tolist() == [10, 11, 12]
    assert table.header == ["user", "item", "value", "timestamp", "note"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_ends_of_lines(read, ends, last):
    text = f"user,item{ends}a,x{ends}{ends}b,y" + ends * last
    table = read(text)
    assert not read.by_pandas
    assert table.frame["user"].tolist()[::2] == ["a", "b"]
    assert table.dropped == {"blank line": 1} and table.keep.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        (["5"] * 300 + ["2.5"], 2.5),  # beyond the sample, which has integers alone
        (["5"] * 300 + ["nan"], "nan"),
        (["5"] * 300 + ["five"], "five"),
        (["five"] * 3, "five"),
        (["True"] * 3, True),
        (["5"] * 300 + ["1e3"], 1000.0),
        (["inf"], float("inf")),
    ],
)
def test_a_value_is_what_pandas_makes_of_it(read, rows, value):
    text = "user,item,value\n" + "".join(f"a,x,{row}\n" for row in rows)
    assert read(text).frame["value"].iloc[-1] == value
    assert pd.read_csv(io.StringIO(text), keep_default_na=False)["value"].iloc[-1] in (
        value,
        str(value),
    )


def test_a_short_line_is_left_to_pandas(read):
    frame = read("user,item,value\na,x,1\nb,y\n").frame
    assert read.by_pandas and frame["value"].isna().tolist() == [False, True]


def test_columns_that_are_not_named_are_not_parsed(read, monkeypatch):
    asked = []
    real = text_columns._parsed

    def parsed(file, separator, names, types):
        table, lines = real(file, separator, names, types)
        asked.append(table.column_names)
        return table, lines

    monkeypatch.setattr(text_columns, "_parsed", parsed)
    read("note,user,item\n" + "long text,a,x\n" * 3)
    assert asked == [["user", "item"]]


def test_an_open_quote_in_a_column_that_is_not_read(read):
    with pytest.raises(InputError, match="line 3: a quote opens a field and does not close it"):
        read('user,item,note\na,x,fine\nb,y,"good\nc,z,"bad"\nd,x,fine\n')
    table = read('user,item,note\na,x,fine\nb,y,"two\nlines"\nd,x,fine\n')
    assert not read.by_pandas and table.frame["user"].tolist() == ["a", "b", "d"]


def test_packed_files(read):
    text = b"user,item\na,x\nb,y\n"
    zstd = pyarrow.compress(text, "zstd", asbytes=True)
    for name, packed in (
        ("a.csv.gz", gzip.compress(text)),
        ("a.csv.zst", zstd),
        ("a.csv", b"\xef\xbb\xbf" + text),
    ):
        assert read(packed, name).frame["item"].tolist() == ["x", "y"]
        assert not read.by_pandas
    with pytest.raises(InputError, match="a.csv.gz: cannot be read: .* Is it a whole .gz file?"):
        read(gzip.compress(text * 99)[:-20], "a.csv.gz")
    for damaged in (zstd[:-4], b"user,item\n"):
        with pytest.raises(InputError, match="a.csv.zst: cannot be read: .* a whole .zst file?"):
            read(damaged, "a.csv.zst")
    with pytest.raises(InputError, match="a.csv.zst, line 2: 3 fields, but the header has 2"):
        read(pyarrow.compress(b"user,item\na,x,5\n", "zstd", asbytes=True), "a.csv.zst")
