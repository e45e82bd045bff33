"""Arrays in an npz file, texts among them; imported by `replay` as well, which has no kerasrec.

NumPy's own arrays of texts give every text the room of the longest, so that one long id takes as
much as all others would: here texts are arrays of objects, and JSON in the file.
"""

import json
import pathlib
import zipfile

import numpy as np

TEXTS = "texts/"
MOST = 1 << 30  # bytes unpacked; those of a catalogue of millions take some hundred MiB


def write_arrays(path, arrays):
    """Writes a dict of arrays; those of `str`, or of `bytes` in UTF-8, are texts."""
    found = {}
    for name, array in arrays.items():
        if array.dtype.kind in "OSU":
            plain = json.dumps(array.tolist(), default=bytes.decode)
            name, array = TEXTS + name, np.frombuffer(plain.encode(), np.uint8)
        found[name] = array
    with pathlib.Path(path).open("wb") as file:
        np.savez_compressed(file, **found)


def read_arrays(path):
    """What `write_arrays` wrote; texts are arrays of `str` objects.

    Raises:
        ValueError: for a file that unpacks to more than `MOST` bytes.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MOST:
        raise ValueError(f"{path} has {size:,} bytes unpacked, at most {MOST:,} are read")
    with np.load(path, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    return {
        name.removeprefix(TEXTS): np.array(json.loads(array.tobytes()), dtype=object)
        if name.startswith(TEXTS)
        else array
        for name, array in found.items()
    }
