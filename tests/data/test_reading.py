import pytest

from kerasrec.data.reading import as_table, read_csv, read_parquet
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
    pytest.importorskip("pyarrow")
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


def test_too_many_fields(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item\na,x\nb,y,3\n")
    with pytest.raises(InputError, match="a.csv: cannot be read: .*line 3"):
        read_csv(path)
    path.write_text("user,item\na,x,1\nb,y,3\n")
    with pytest.raises(InputError, match="a.csv: the rows have more fields than the header"):
        read_csv(path)
    with pytest.raises(InputError, match="a.csv: "):
        read_csv(path, only=["user", "item"])


def test_only_the_named_columns_are_read_but_all_are_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item,plot\n01,x,long\n")
    table = read_csv(path, text=["user"], only=["user", "value"])
    assert table.frame.to_dict("list") == {"user": ["01"]}
    assert table.header == ["user", "item", "plot"]


def test_tab_separated_by_its_extension(tmp_path):
    (tmp_path / "a.tsv").write_text("id\tname\n1\tA, B\n")
    table = as_table(tmp_path / "a.tsv", "items", text=["id"])
    assert table.frame.to_dict("list") == {"id": ["1"], "name": ["A, B"]}
