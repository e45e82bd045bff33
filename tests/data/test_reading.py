import gzip
import zipfile

import pytest

from kerasrec.data.parquet_parts import read_parquet
from kerasrec.data.reading import as_table
from kerasrec.data.text_table import read_csv
from kerasrec.errors import InputError


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="nothing.csv: no such file. Relative paths start at"):
        read_csv(tmp_path / "nothing.csv")


def test_unknown_extension(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_text("")
    for read in (read_csv, read_parquet, lambda path: as_table(path, "items")):
        with pytest.raises(InputError, match="a.xlsx: expected a file ending in .*got '.xlsx'"):
            read(path)


def test_folder_without_parts(tmp_path):
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "notes.md").write_text("")
    with pytest.raises(InputError, match="the folder holds no part ending in .parquet"):
        read_parquet(tmp_path)
    with pytest.raises(InputError, match="the folder holds no part ending in .csv"):
        read_csv(tmp_path)


def test_not_parquet(tmp_path):
    (tmp_path / "a.parquet").write_text("user,item\n")
    with pytest.raises(InputError, match="a.parquet: not a readable Parquet file"):
        read_parquet(tmp_path / "a.parquet")


def test_not_gzip(tmp_path):
    (tmp_path / "a.csv.gz").write_text("user,item\n")
    with pytest.raises(InputError, match="a.csv.gz: cannot be read"):
        read_csv(tmp_path / "a.csv.gz")


def test_not_utf8(tmp_path):
    (tmp_path / "a.csv").write_bytes("user,item\nJosé,x\n".encode("latin-1"))
    with pytest.raises(InputError, match="a.csv: not UTF-8 text"):
        read_csv(tmp_path / "a.csv")


@pytest.mark.parametrize("only", [None, ["user", "item"]])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("user,item\na,x\nb,y,3\n", 3),
        ("user,item\na,x\nb,y,\n", 3),
        ("user,item\na,x,1\nb,y\n", 2),
        ("user,item\na,x,1\nb,y,3\n", 2),
        ('user,item\na,"x\nx"\n\nb,y,3\n', 5),
    ],
)
def test_too_many_fields(tmp_path, text, line, only):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=f"a.csv, line {line}: 3 fields, but the header has 2"):
        read_csv(path, only=only)


def test_too_many_fields_with_a_long_separator(tmp_path):
    (tmp_path / "a.csv").write_text("user::item\na::x\nb::y::3\n")
    with pytest.raises(InputError, match="a.csv: .*Expected 2 fields in line 3, saw 3"):
        read_csv(tmp_path / "a.csv", only=["user", "item"], separator="::")


@pytest.mark.parametrize(
    "text",
    [
        'user,item,note\na,x,fine\nb,"y,good\nc,z,bad\n',  # never closed
        'user,item,note\na,x,fine\nb,y,"good\nc,z,"bad"\nd,x,fine\n',  # closed two lines on
    ],
)
def test_an_open_quote_does_not_swallow_lines(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(text)
    with zipfile.ZipFile(tmp_path / "c.csv.zip", "w") as archive:
        archive.writestr("c.csv", text)
    for name in ("a.csv", "b.csv.gz", "c.csv.zip"):
        with pytest.raises(InputError, match=f"{name}, line 3: a quote opens a field and does not"):
            read_csv(tmp_path / name, only=["user", "item"])


def test_a_quoted_text_may_have_several_lines(tmp_path):
    (tmp_path / "a.csv").write_text('id,plot\n1,"one\ntwo, ""three"""\n2,x\n')
    table = read_csv(tmp_path / "a.csv", text=["plot"])
    assert table.frame["plot"].tolist() == ['one\ntwo, "three"', "x"]


def test_the_header_keeps_names_that_come_twice(tmp_path):
    (tmp_path / "a.csv").write_text("user,item,user,\na,x,b,1\n", encoding="utf-8-sig")
    table = read_csv(tmp_path / "a.csv", text=["user"], only=["user", "item"])
    assert table.header == ["user", "item", "user", "Unnamed: 3"]
    with pytest.raises(InputError, match="a.csv: 2 columns are called 'user'"):
        table.find("user", "user")


def test_only_the_named_columns_are_kept_but_all_are_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item,plot\n01,x,long\n")
    table = read_csv(path, text=["user"], only=["user", "value"])
    assert table.frame.to_dict("list") == {"user": ["01"]}
    assert table.header == ["user", "item", "plot"]


def test_tab_separated_by_its_extension(tmp_path):
    (tmp_path / "a.tsv").write_text("id\tname\n1\tA, B\n")
    table = as_table(tmp_path / "a.tsv", "items", text=["id"])
    assert table.frame.to_dict("list") == {"id": ["1"], "name": ["A, B"]}
