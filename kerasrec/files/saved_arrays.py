"""Reads `.npz` files that may be damaged or forged."""

import math
import os
import zipfile
import zlib

import numpy as np

from kerasrec.errors import InputError
from kerasrec.files.plain_file import open_plain

DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
    SyntaxError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path, expected, optional=None, within=None):
    """The arrays of a file that `numpy.savez` wrote, by name.

    `numpy.load` allocates the size that a header states, and unpacks any compression ratio. Here
    an array is read only if its header agrees with what is expected and with the size of the file,
    which must not be compressed, as `savez` writes it.

    Args:
        path: File to read.
        expected: Dict of name to `(dtype, number of axes)`.
        optional: The same for arrays that may be left out.
        within: Folder that the target of a link must be in.

    Raises:
        InputError: for any other file, naming the fault.
    """
    known = {**expected, **(optional or {})}
    with open_plain(path, within) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            with zipfile.ZipFile(file) as archive:
                entries = _entries(archive, known, expected, size)
                return {
                    name: _read(archive, entry, name, *known[name])
                    for name, entry in entries.items()
                }
        except DAMAGE as error:
            raise InputError(f"{path} is damaged: {error}") from error


def _entries(archive, known, needed, size):
    entries = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise InputError("an array is in it twice")
    if odd := sorted(set(entries) - set(known)):
        raise InputError(f"it holds {odd[0]!r:.80}, expected {', '.join(known)}")
    if missing := sorted(set(needed) - set(entries)):
        raise InputError(f"it has no {missing[0]}")
    if any(info.compress_type != zipfile.ZIP_STORED for info in entries.values()):
        raise InputError("an array is compressed, expected what numpy.savez writes")
    if (held := sum(info.file_size for info in entries.values())) > size:
        raise InputError(f"its headers state {held:,} bytes of arrays, the file has {size:,}")
    return entries


def _read(archive, info, name, dtype, axes):
    with archive.open(info) as entry:
        version = np.lib.format.read_magic(entry)
        if version not in HEADERS:
            raise InputError(f"{name} has version {version} of NumPy's format")
        shape, _, found = HEADERS[version](entry)
        room = info.file_size - entry.tell()
    if found != np.dtype(dtype) or len(shape) != axes:
        raise InputError(f"{name} is {found} {shape}, expected {dtype} with {axes} axes")
    if any(n < 0 for n in shape) or math.prod(shape) * found.itemsize != room:
        raise InputError(f"{name} states the shape {shape} and has {room:,} bytes")
    with archive.open(info) as entry:
        return np.lib.format.read_array(entry, allow_pickle=False)
