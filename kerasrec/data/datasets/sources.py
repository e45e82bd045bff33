"""The files of the public data sets, and their download."""

import dataclasses
import gzip
import hashlib
import os
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path

import numpy as np

from kerasrec.errors import InputError

TIMEOUT = 60  # seconds without an answer


@dataclasses.dataclass(frozen=True)
class Source:
    """One file, plain or gzipped, and its public address if it has one.

    A check is "algorithm:hex" of the uncompressed content; the algorithms are those of `hashlib`
    and "git", the git blob id of the file in a public repository at a given commit.

    Args:
        folder: of the data set, within `KERASREC_DATA` and the cache.
        name: without `.gz`.
        url: of the file, or of a zip archive that holds it; "" if it has no public address.
        check: of the file.
        member: its path in the archive.
        archive_check: of the archive.
        advice: what to do if it is not available.
    """

    folder: str
    name: str
    url: str = ""
    check: str = ""
    member: str = ""
    archive_check: str = ""
    advice: str = ""


def present(source):
    """The file's path in `KERASREC_DATA` or the cache, or None."""
    for root in _roots():
        for name in (source.name, f"{source.name}.gz"):
            path = root / source.folder / name
            if path.is_file():
                return path
    return None


def find(source, siblings=()):
    """The file's path: in the folder `KERASREC_DATA`, else in the cache, else downloaded there.

    The cache is the folder `KERASREC_CACHE`, or `~/.cache/kerasrec`. A download is checked before
    it is moved to its place; a failed one leaves nothing behind.

    Args:
        source: the `Source`.
        siblings: sources in the same archive; they are unpacked with it.

    Raises:
        InputError: the file is missing, its download failed, or its check differs.
    """
    path = present(source)
    if path is not None:
        return path
    if not source.url:
        raise InputError(_missing(source, "it has no public address to download from."))
    wanted = {source, *(other for other in siblings if present(other) is None)}
    try:
        _download(source, wanted)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(_missing(source, f"downloading {source.url} failed: {error}.")) from error
    return _cache() / source.folder / source.name


def open_text(path, encoding="utf-8"):
    """A text file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding=encoding)


def read_sequences(path):
    """Lines `user item item ...` as two int64 columns, in the order of the file."""
    lengths, items, users = [], [], []
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            try:
                values = list(map(int, line.split()))
            except ValueError:
                raise InputError(
                    f"{path}, row {number}: expected `user item item ...` in whole numbers, got "
                    f"{line[:40]!r}."
                ) from None
            if values:
                users.append(values[0])
                items.extend(values[1:])
                lengths.append(len(values) - 1)
    return np.repeat(np.array(users, np.int64), lengths), np.array(items, np.int64)


def _roots():
    given = os.environ.get("KERASREC_DATA")
    return [Path(given).expanduser(), _cache()] if given else [_cache()]


def _cache():
    given = os.environ.get("KERASREC_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "kerasrec"


def _missing(source, problem):
    given = os.environ.get("KERASREC_DATA")
    cached = _cache() / source.folder / source.name
    if given:
        places = f"{Path(given) / source.folder / source.name} or to {cached}"
    else:
        places = f"{cached}, or to {source.folder}/{source.name} in a folder named by KERASREC_DATA"
    advice = f" {source.advice}" if source.advice else ""
    return (
        f"{source.folder}/{source.name} is not here, and {problem} "
        f"Put the file, plain or as .gz, to {places}.{advice}"
    )


def _download(source, wanted):
    folder = _cache() / source.folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary:
        fetched = Path(temporary) / "fetched"
        with urllib.request.urlopen(source.url, timeout=TIMEOUT) as answer:
            with open(fetched, "wb") as file:
                shutil.copyfileobj(answer, file)
        if not source.member:
            _verify(fetched, source.check, source)
            os.replace(fetched, folder / source.name)
            return
        _verify(fetched, source.archive_check, source)
        with zipfile.ZipFile(fetched) as archive:
            for each in wanted:
                unpacked = Path(temporary) / each.name
                if each.member not in archive.namelist():
                    raise InputError(_missing(each, f"{source.url} does not hold {each.member}."))
                with archive.open(each.member) as member, open(unpacked, "wb") as file:
                    shutil.copyfileobj(member, file)
                _verify(unpacked, each.check, each)
        # Only after all checks, and each by a rename: no reader sees part of a file.
        for each in wanted:
            os.replace(Path(temporary) / each.name, folder / each.name)


def _verify(path, check, source):
    if not check:
        return
    algorithm, _, expected = check.partition(":")
    digest = hashlib.sha1() if algorithm == "git" else hashlib.new(algorithm)
    if algorithm == "git":
        digest.update(b"blob %d\0" % path.stat().st_size)
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        raise InputError(
            _missing(
                source,
                f"{source.url} sent another file: {algorithm} {digest.hexdigest()}, expected "
                f"{expected}.",
            )
        )
