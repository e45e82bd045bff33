"""Reads and writes npz files with arrays of strings; `replay` imports it without kerasrec.

NumPy's string arrays have a fixed width, so one long id would make every string as long. Here
strings are arrays of objects, and JSON in the file.
"""

import json
import pathlib
import zipfile

import numpy as np

TEXTS = "texts/"  # prefix of the names of arrays of strings
MAX_BYTES = 1 << 30  # uncompressed; a catalogue of millions takes some hundred MiB


def write_arrays(path, arrays):
    """Writes a dict of arrays; strings are `str`, or `bytes` in UTF-8."""
    encoded = {}
    for name, array in arrays.items():
        if array.dtype.kind in "OSU":
            text = json.dumps(array.tolist(), default=bytes.decode)
            name, array = TEXTS + name, np.frombuffer(text.encode(), np.uint8)
        encoded[name] = array
    with pathlib.Path(path).open("wb") as file:
        np.savez_compressed(file, **encoded)


def read_arrays(path):
    """Reads a file of `write_arrays`; strings are arrays of `str` objects.

    Raises:
        ValueError: if the file has more than `MAX_BYTES` uncompressed bytes.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES:
        raise ValueError(f"{path} has {size:,} uncompressed bytes, expected at most {MAX_BYTES:,}")
    with np.load(path, allow_pickle=False) as file:
        encoded = {name: file[name] for name in file.files}
    return {
        name.removeprefix(TEXTS): np.array(json.loads(array.tobytes()), dtype=object)
        if name.startswith(TEXTS)
        else array
        for name, array in encoded.items()
    }
