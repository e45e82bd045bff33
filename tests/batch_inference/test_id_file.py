import gzip

import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from kerasrec.batch_inference import id_file
from kerasrec.batch_inference.id_file import IdFile
from kerasrec.errors import InputError


def read(path, column="user"):
    return [one for some in IdFile(path, column) for one in some]


def test_one_id_a_line(tmp_path, monkeypatch):
    path = tmp_path / "users.txt"
    path.write_bytes("\ufeff 007 \r\n\r\nb,c\nÄ".encode())
    monkeypatch.setattr(id_file, "AT_ONCE", 2)
    assert list(IdFile(path, "user")) == [["007"], ["b,c", "Ä"]]


@pytest.mark.parametrize("suffix,between", [(".csv", ","), (".tsv", "\t")])
def test_a_column_of_a_text_table(tmp_path, suffix, between):
    path = tmp_path / f"users{suffix}"
    rows = [("n", "user"), ("1", "007"), ("2", ""), ("3", "NA"), ("4", '"a\nb"')]
    path.write_text("\n".join(between.join(row) for row in rows))
    assert read(path) == ["007", "NA", "a\nb"]


@pytest.mark.parametrize(
    "values,ids",
    [
        (pyarrow.array([7, None, 8]), ["7", "8"]),
        (pyarrow.array([7.0, None]), ["7"]),
        (pyarrow.array(["a", None, " "]).dictionary_encode(), ["a"]),
        (pyarrow.array(["a"], pyarrow.large_string()), ["a"]),
    ],
)
def test_a_column_of_parquet(tmp_path, values, ids):
    path = tmp_path / "users.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"x": values, "user": values}), path)
    assert read(path) == ids


@pytest.mark.parametrize(
    "name,content,words",
    [
        ("a.csv", b"userId\n1\n", "columns 'userId': expected one named 'user', or a .txt file"),
        ("a.txt", b"\xff\xfe\xff", "a.txt cannot be read"),
        ("a.csv", b"user,x\n1\n", "a.csv cannot be read"),
        ("a.parquet", b"PAR1", "a.parquet cannot be read"),
        ("a.parquet", gzip.compress(b"1", mtime=0), "a.parquet cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        read(tmp_path / name)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        IdFile(tmp_path, "user")
    pd.DataFrame({"user": [1.5]}).to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ["1.5"]
