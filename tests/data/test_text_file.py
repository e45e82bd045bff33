import bz2
import csv
import gzip
import lzma
import zipfile

import pytest

from kerasrec.data import Interactions
from kerasrec.data.text_file import check_lines
from kerasrec.data.text_table import read_csv
from kerasrec.errors import InputError

CSV = "user,item\n" + "".join(f"u{row % 7},i{row}\n" for row in range(5000))
LONG = "x" * 200_000


def pack(path, **entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip"])
def test_packed_and_damaged(tmp_path, ending):
    path = tmp_path / f"a.csv.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", CSV)
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2, "xz": lzma}[ending].compress(CSV.encode()))
    assert len(Interactions.from_csv(path)) == 5000
    whole = path.read_bytes()
    middle = len(whole) // 2
    # Plain text, cut in the middle, and with a few bytes changed there.
    for broken in (
        CSV.encode(),
        b"",
        whole[:middle],
        whole[:middle]
        + bytes(byte ^ 255 for byte in whole[middle : middle + 9])
        + whole[middle + 9 :],
    ):
        path.write_bytes(broken)
        with pytest.raises(
            InputError, match=rf"a.csv.{ending}: (cannot be read|the file is empty)"
        ):
            Interactions.from_csv(path)


def test_what_a_mac_adds_to_an_archive_is_not_read(tmp_path):
    path = tmp_path / "a.csv.zip"
    extra = {"__MACOSX/": "", "__MACOSX/._a.csv": "\x00\x05", "a/.DS_Store": "\x00", "a/": ""}
    pack(path, **extra, **{"a/a.csv": CSV})
    assert len(Interactions.from_csv(path)) == 5000
    pack(path, **extra)
    with pytest.raises(InputError, match="a.csv.zip: the archive holds no file, expected one"):
        Interactions.from_csv(path)
    pack(path, **{"a.csv": CSV, "b.csv": CSV})
    with pytest.raises(
        InputError, match=r"holds 2 files \(a.csv, b.csv\), expected one. Unpack it"
    ):
        Interactions.from_csv(path)


def test_an_archive_with_a_password(tmp_path):
    path = pack(tmp_path / "a.csv.zip", **{"a.csv": CSV})
    whole = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(mark) + offset] |= 1  # "is encrypted"
    path.write_bytes(whole)
    with pytest.raises(InputError, match="a.csv.zip: cannot be read: .*encrypted"):
        Interactions.from_csv(path)


def test_bad_bytes_after_a_line_with_too_many_fields(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"user,item\na,x\nb,y\n" + b"a,\xff,c\n")
    with pytest.raises(InputError, match="a.csv: not UTF-8 text"):
        read_csv(tmp_path / "a.csv")


def test_a_long_text_with_line_breaks_is_no_open_quote(tmp_path):
    limit = csv.field_size_limit()
    path = tmp_path / "a.csv"
    path.write_text(f'user,item,plot\na,x,"{LONG}\n""{LONG}"""\nb,y,z\n')
    assert read_csv(path).frame["plot"].str.len().tolist() == [2 * len(LONG) + 3, 1]
    assert len(Interactions.from_csv(path)) == 2
    path.write_text(f'user,item,plot\na,x,"{LONG}\n{LONG}\nb,y,z\n')
    with pytest.raises(InputError, match="a.csv, line 2: a quote opens a field"):
        read_csv(path)
    assert csv.field_size_limit() == limit


TEXTS = [
    'a,b\n1,"x\ny"\n2,3\n',
    'a,b\n1,"x""y"\n"2","3"\n',
    'a,b\n1,"x"",""y\n\n"\n,\n',
    'a,b\r\n"1","x\r\n"\r\n2,"",\r\n',
    'a,b\n1,5" screen\n2,3,4\n',
    'a,b\n1,"x" y\n',
    'a,b\n1,"x\n',
    'a,b\n1,"""\n',
    'a,b\n"","",""\n',
    'a,b\n1,"x"\r2,"\ry",z\r',
    'a,b\n1,x\n\n"\n',
    '"a\nb",c\n1,2\n3,4,5\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_are_judged_as_by_python(tmp_path, text):
    """An independent reader: the csv module, strict, with the line where each record begins."""
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    problem, line, width = None, 1, None
    with open(path, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for fields in reader:
                width = width or len(fields)
                if len(fields) > width:
                    problem = f"line {line}: {len(fields)} fields, but the header has {width}"
                    break
                line = reader.line_num + 1
        except csv.Error:
            problem = f"line {line}: a quote opens a field and does not close it"
    if problem is None:
        check_lines(path, ",")
    else:
        with pytest.raises(InputError, match=problem):
            check_lines(path, ",")
