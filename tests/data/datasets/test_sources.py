"""Finding and downloading files, from a folder in place of a server."""

import dataclasses
import gzip
import hashlib
import zipfile

import pytest

from kerasrec.data.datasets.sources import Source, find, read_sequences
from kerasrec.errors import InputError

CONTENT = b"1 10 11\n2 12\n"
GOOD = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("KERASREC_DATA", raising=False)
    monkeypatch.setenv("KERASREC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def home(tmp_path):
    """A folder, and its address: a `file:` one, since tests use no network."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder, folder.as_uri()


def left_in(cache):
    return sorted(path.name for path in cache.rglob("*") if path.is_file() or path.suffix)


def test_data_folder_comes_before_cache_and_gz_is_taken(tmp_path, cache, monkeypatch):
    source = Source("set", "part.txt")
    (cache / "set").mkdir(parents=True)
    (cache / "set" / "part.txt").write_bytes(CONTENT)
    assert find(source) == cache / "set" / "part.txt"
    given = tmp_path / "given"
    (given / "set").mkdir(parents=True)
    with gzip.open(given / "set" / "part.txt.gz", "wb") as file:
        file.write(CONTENT)
    monkeypatch.setenv("KERASREC_DATA", str(given))
    assert find(source) == given / "set" / "part.txt.gz"
    user, item = read_sequences(find(source))
    assert user.tolist() == [1, 1, 2] and item.tolist() == [10, 11, 12]


# The last two as `md5sum` and `git hash-object` print them.
@pytest.mark.parametrize(
    "check",
    [
        GOOD,
        "",
        "md5:ac3b1fa7e44a4798b5432d7abaac6203",
        "git:4c91a71911abf3843516b3e58264b6bfd8596d1f",
    ],
)
def test_download(home, cache, check):
    folder, address = home
    (folder / "part.txt").write_bytes(CONTENT)
    source = Source("set", "part.txt", f"{address}/part.txt", check)
    path = find(source)
    assert path == cache / "set" / "part.txt" and path.read_bytes() == CONTENT
    (folder / "part.txt").unlink()
    assert find(source) == path  # not fetched again
    assert left_in(cache) == ["part.txt"]


def test_wrong_content_leaves_nothing(home, cache):
    folder, address = home
    (folder / "part.txt").write_bytes(CONTENT + b"3 13\n")
    source = Source("set", "part.txt", f"{address}/part.txt", GOOD)
    with pytest.raises(InputError) as error:
        find(source)
    assert GOOD.removeprefix("sha256:") in str(error.value)
    assert f"{address}/part.txt" in str(error.value)
    assert left_in(cache) == []


def test_no_answer_says_where_to_put_the_file(home, cache, tmp_path, monkeypatch):
    _, address = home
    source = Source("set", "part.txt", f"{address}/part.txt", GOOD)
    with pytest.raises(InputError) as error:
        find(source)
    message = str(error.value)
    assert message.startswith("set/part.txt is not here, and downloading ")
    assert "failed: " in message and str(cache / "set" / "part.txt") in message
    assert "KERASREC_DATA" in message
    monkeypatch.setenv("KERASREC_DATA", str(tmp_path / "given"))
    with pytest.raises(InputError) as error:
        find(source)
    assert str(tmp_path / "given" / "set" / "part.txt") in str(error.value)
    assert left_in(cache) == []


def test_no_public_home(cache):
    with pytest.raises(InputError, match="no public address.*Ask a librarian"):
        find(Source("set", "part.txt", advice="Ask a librarian."))


def test_archive(home, cache):
    folder, address = home
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("all/a.txt", CONTENT)
        archive.writestr("all/b.txt", b"4 5\n")
    md5 = "md5:" + hashlib.md5((folder / "all.zip").read_bytes()).hexdigest()
    url = f"{address}/all.zip"
    a = Source("set", "a.txt", url, GOOD, "all/a.txt", md5)
    b = Source("set", "b.txt", url, "", "all/b.txt", md5)
    # Nothing is unpacked when one of them, or the archive, is not what it should be.
    for wrong in (
        [dataclasses.replace(a, archive_check="md5:0"), b],
        [b, dataclasses.replace(a, check="sha256:0")],
        [b, dataclasses.replace(a, member="all/c.txt")],
    ):
        with pytest.raises(InputError, match="set/a.txt"):
            find(wrong[0], wrong)
        assert left_in(cache) == []
    assert find(b, [a, b]).read_bytes() == b"4 5\n"
    (folder / "all.zip").unlink()
    assert find(a, [a, b]).read_bytes() == CONTENT
    (folder / "all.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="failed: File is not a zip file"):
        find(dataclasses.replace(a, name="other.txt", archive_check=""))


def test_malformed_sequences(tmp_path):
    path = tmp_path / "part.txt"
    path.write_text("1 2 3\n\n4 x\n")
    with pytest.raises(InputError, match="part.txt, row 3"):
        read_sequences(path)
