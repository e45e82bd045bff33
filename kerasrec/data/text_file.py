"""Text files: unpacking, and a check of quotes and fields."""

import bz2
import contextlib
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kerasrec.errors import InputError


def open_zstd(file: Path, mode: str) -> BinaryIO:
    """A .zst file by Arrow, which Python reads from 3.14 on."""
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.OSFile(str(file), mode), "zstd")


OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": open_zstd}
CLOSED = re.compile(r'[^"]*(?:""[^"]*)*"(?!")')


@contextlib.contextmanager
def unpacked(file: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if it is .gz, .bz2, .xz, .zst or .zip.

    Raises:
        InputError: also inside the `with`: an archive that is damaged or has no or several files.
    """
    try:
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(_entry(file, archive)) as binary:
                yield binary
        else:
            with OPENERS.get(file.suffix, open)(file, "rb") as binary:
                yield binary
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 text ({error}); save it as UTF-8.") from None
    # RuntimeError: a password; NotImplementedError: a compression that Python does not have.
    except (
        *(OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError, zlib.error),
        *(RuntimeError, NotImplementedError),
    ) as error:
        hint = f" Is it a whole {file.suffix} file?" if file.suffix in (*OPENERS, ".zip") else ""
        raise InputError(f"{file}: cannot be read: {error or 'it ends early'}.{hint}") from error


def check_lines(file: Path, separator: str) -> None:
    """InputError for the first line with an open quote or with more fields than the header.

    Python's csv module is not used: its limit on the length of a field is global.
    """
    if len(separator) > 1:
        return
    with unpacked(file) as binary:
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
        width = None
        for line, count in _records(text, file, separator):
            width = width or count
            if count > width:
                raise InputError(
                    f"{file}, line {line}: {count} fields, but the header has {width}. "
                    f'Take the extra {separator!r} out, or put the field with it in "quotes".'
                )


def _records(lines: io.TextIOBase, file: Path, separator: str) -> Iterator[tuple[int, int]]:
    """The first line and the number of fields of each record."""
    first, fields, is_open = 1, 0, False
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n")
        if '"' not in line:
            # Most lines have no quotes.
            if not is_open:
                yield number, line.count(separator) + 1 if line else 0
            continue
        place = 0
        if not is_open:
            first, fields = number, 1
        while place >= 0:
            if is_open:
                closed = CLOSED.match(line, place)
                if closed is None:
                    break
                is_open, place = False, closed.end()
                if place < len(line) and line[place] != separator:
                    raise _open_quote(file, first, f"{separator!r} expected after '\"'")
            elif line[place : place + 1] == '"':
                is_open, place = True, place + 1
                continue
            place = line.find(separator, place) + 1 or -1
            fields += place > 0
        if not is_open:
            yield first, fields
    if is_open:
        raise _open_quote(file, first, "unexpected end of data")


def _open_quote(file: Path, line: int, what: str) -> InputError:
    return InputError(
        f"{file}, line {line}: a quote opens a field and does not close it, so that lines "
        f'after it are lost ({what}). Close it, or write "" for a quote inside a field.'
    )


def _entry(file: Path, archive: zipfile.ZipFile) -> str:
    """The only table in an archive; macOS adds a folder and hidden files."""
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/")
        and not name.startswith("__MACOSX/")
        and not name.rpartition("/")[2].startswith(".")
    ]
    if len(names) != 1:
        what = f"{len(names)} files ({', '.join(names[:3])})" if names else "no file"
        raise InputError(
            f"{file}: the archive holds {what}, expected one. Unpack it: a folder may hold parts."
        )
    return names[0]
