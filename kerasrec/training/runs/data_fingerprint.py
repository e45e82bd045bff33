"""Whether two models were given the same to learn from."""

import hashlib
import json

import numpy as np

from kerasrec.data.clean_rows import COLUMNS
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash

# What of a fingerprint is called how in messages.
WORDS = {
    "interactions": "the interactions",
    "users": "the users or their features",
    "items": "the items or their features",
    "start": "the checkpoint that it started from",
}


def data_fingerprint(split, start=None):
    """sha256 of all that a training reads: what a finished run must share to be the same run.

    Args:
        split: `Split`.
        start: Checkpoint folder of `init_from` or `content_from`, None without one.

    Returns:
        Dict with the keys of `WORDS`: the interactions of all parts with values, times and
        behaviors; the ids and encoded features of both catalogs; what the checkpoint holds.
    """
    return {
        "interactions": _interactions(split),
        "users": _catalog(split.train.users),
        "items": _catalog(split.train.items),
        # It lists the hashes of all files of the checkpoint.
        "start": start and file_hash(start / "metadata.json"),
    }


def changed(before, now):
    """What two fingerprints differ in, in words; "" for the same."""
    return ", ".join(word for key, word in WORDS.items() if before.get(key) != now.get(key))


def check_data(folder, split, begun):
    """The fingerprint of the data; an `InputError` if a run folder began with another one."""
    given, before = data_fingerprint(split, begun), folder.read_data()
    if before is not None and (words := changed(before, given)):
        raise InputError(
            f"{folder.path} began with other data ({words}): a resumed run must end as the stopped "
            "one would have, so start a new one"
        )
    return given


def _interactions(split):
    found = hashlib.sha256()
    if split.train.behaviors is not None:
        found.update("\n".join(split.train.behaviors.ids).encode("utf-8", "surrogatepass"))
    for part in (split.train, split.validation, split.test):
        for name in COLUMNS:
            _add(found, name, getattr(part, name))
    return found.hexdigest()


def _catalog(catalog):
    found = hashlib.sha256("\n".join(catalog.vocabulary.ids).encode("utf-8", "surrogatepass"))
    for name, encoder in catalog.encoders.items():
        about = json.dumps(encoder.to_dict(), sort_keys=True, default=str)
        found.update(about.encode("utf-8", "surrogatepass"))
        _add(found, name, catalog.columns.get(name))
    return found.hexdigest()


def _add(found, name, column):
    found.update(f"\n{name} {None if column is None else (column.dtype, column.shape)}\n".encode())
    if column is not None:
        found.update(np.ascontiguousarray(column).tobytes())
