"""The input `recent` of a request: what its users did after the data of the export."""

import datetime

import numpy as np

from kerasrec.client.query import LISTS

NAMES = ("recent", "recent_behavior", "recent_timestamp")


def with_recent(inputs, signature, steps_of, about):
    """The inputs of a request, with what its users did last, where it says nothing of that.

    A row with a user and without items in `history` and `recent` gets the user's steps that are
    newer than the data of the export. Rows are padded on the left: a batching server repeats the
    first value.

    Args:
        inputs: Name -> array.
        signature: Its `Signature`; inputs come back as they are without `user` and `recent` in it.
        steps_of: Function from a user's id to a list of `Step`.
        about: The metadata of the export.
    """
    if not {"user", "recent"} <= signature.inputs.keys() or "user" not in inputs:
        return inputs
    names = [name for name in NAMES if name in signature.inputs]
    given = {name: np.asarray(inputs[name]) for name in ("user", "history") if name in inputs}
    given |= {name: np.asarray(inputs[name]) for name in names if name in inputs}
    rows = max(map(len, given.values()))
    # Lists of several rows beside one user, or the other way round: one row stands for all.
    lists = {name: [_row(given.get(name), row, name) for row in range(rows)] for name in names}
    found, after = False, newest(about)
    for row in range(rows):
        user = _text(given["user"][row if len(given["user"]) > 1 else 0]).strip()
        history = _row(given.get("history"), row, "recent")
        if not user or any(history) or any(lists["recent"][row]):
            continue
        # Data has whole seconds.
        steps = [step for step in steps_of(user) if int(step.time) > after]
        values = {
            "recent": [step.item.encode() for step in steps],
            "recent_behavior": [step.behavior.encode() for step in steps],
            "recent_timestamp": [int(step.time) for step in steps],
        }
        for name in names:
            lists[name][row] = values[name]
        found = found or bool(steps)
    if not found:
        return inputs
    return {**inputs, **{name: _rectangle(lists[name], name) for name in names}}


def newest(about):
    """Seconds since 1970 of the newest interaction in the data of an export.

    Where its data has no times, or times of another kind, that is when it was exported.
    """
    made = datetime.datetime.fromisoformat(about["created"]).timestamp() if about else 0.0
    last = about.get("newest")
    return made if last is None or last > made else last


def _row(array, row, name):
    if array is None:
        return []
    return array[row if len(array) > 1 else 0].tolist()


def _rectangle(lists, name):
    text = isinstance(LISTS[name], str)
    padding = b"" if text else LISTS[name]
    width = 1 + max(map(len, lists))
    rows = [[padding] * (width - len(one)) + one for one in lists]
    return np.array(rows, object if text else "int64")


def _text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
