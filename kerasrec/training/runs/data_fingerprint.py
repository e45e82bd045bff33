"""Hashes of the training data, to compare runs by."""

import dataclasses
import hashlib
import json

import numpy as np

from kerasrec.data.clean_rows import COLUMNS
from kerasrec.data.impressions import ROWS
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash

PIECE = 2**22  # rows that are hashed at a time
# Keys of a fingerprint -> their names in messages.
NAMES = {
    "interactions": "the interactions",
    "users": "the users or their features",
    "items": "the items or their features",
    "start": "the checkpoint that it started from",
}


def data_fingerprint(split, start=None):
    """SHA-256 of everything that a training reads: equal for two runs of the same data.

    Args:
        split: `Split`.
        start: Checkpoint folder of `init_from` or `content_from`, None without one.

    Returns:
        Dict with the keys of `NAMES`: the interactions of all parts with values, times and
        behaviors; the ids and encoded features of both catalogs; the files of the checkpoint.
    """
    return {
        "interactions": interactions_hash(split),
        "users": _catalog(split.train.users),
        "items": _catalog(split.train.items),
        # Its metadata.json lists the hashes of all its files.
        "start": start and file_hash(start / "metadata.json"),
    }


def changed(before, now):
    """The names of what differs between two fingerprints, joined; "" where they are equal."""
    return ", ".join(name for key, name in NAMES.items() if before.get(key) != now.get(key))


def impressions_fingerprint(split, start=None):
    """As `data_fingerprint`, of an `ImpressionSplit`."""
    found, train = hashlib.sha256(), split.train
    about = [encoder.to_dict() for encoder in train.encoders.values()]
    about += [dataclasses.asdict(one) for one in (*train.tasks, *train.crosses)]
    found.update(json.dumps(about, sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
    for part in (train, split.validation, split.test):
        for name in ROWS:
            _add(found, name, getattr(part, name))
        for name, column in {**part.labels, **part.context}.items():
            _add(found, name, column)
        if part.past is not None:
            _add(found, "past", part.past.stop - part.past.first)
    if train.past is not None:
        for name in ("indptr", "items", "timestamp"):
            _add(found, name, getattr(train.past.histories, name))
    return {
        "interactions": found.hexdigest(),
        "users": _catalog(train.users),
        "items": _catalog(train.items),
        "start": start and file_hash(start / "metadata.json"),
    }


def check_data(folder, now):
    """The fingerprint of the data of a resumed run.

    Args:
        folder: `RunFolder` of the run.
        now: The fingerprint of its data as it is read now.

    Raises:
        InputError: if the run began with other data.
    """
    before = folder.read_data()
    if before is not None and (names := changed(before, now)):
        raise InputError(
            f"{folder.path} began with other data ({names}): a resumed run must end as the stopped "
            "one would have, so start a new one"
        )
    return now


def interactions_hash(split):
    """SHA-256 of the interactions of all parts, with values, times, behaviors and context."""
    found = hashlib.sha256()
    if split.train.behaviors is not None:
        found.update("\n".join(split.train.behaviors.ids).encode("utf-8", "surrogatepass"))
    for encoder in split.train.context.encoders.values():
        _add_encoder(found, encoder)
    for part in (split.train, split.validation, split.test):
        for name in COLUMNS:
            _add(found, name, getattr(part, name))
        for name, column in part.context.columns.items():
            _add(found, name, column)
    return found.hexdigest()


def _catalog(catalog):
    found = hashlib.sha256("\n".join(catalog.vocabulary.ids).encode("utf-8", "surrogatepass"))
    for name, encoder in catalog.encoders.items():
        _add_encoder(found, encoder)
        _add(found, name, catalog.columns.get(name))
    return found.hexdigest()


def _add_encoder(found, encoder):
    about = json.dumps(encoder.to_dict(), sort_keys=True, default=str)
    found.update(about.encode("utf-8", "surrogatepass"))


def _add(found, name, column):
    found.update(f"\n{name} {None if column is None else (column.dtype, column.shape)}\n".encode())
    if column is not None:
        # A copy of a part at a time: a column may be larger than memory.
        for start in range(0, max(len(column), 1), PIECE):
            found.update(np.ascontiguousarray(column[start : start + PIECE]).tobytes())
