"""Logs what `recommend` answers as impressions."""

import contextlib
import math
import time
import uuid

import numpy as np

from kerasrec.client.context import KNOWN, OF_USER
from kerasrec.errors import InputError
from kerasrec.events.event import IMPRESSION
from kerasrec.events.read_event import STRANGE, read_event
from kerasrec.events.read_interactions import SESSION

HEADER = "X-Request-ID"
LOGGED = ("recommend", "recommend_explained", "serving_default")
LONGEST_ID = 200  # characters


def request_id(given):
    """The id of a request: that of its header if it is one, else a new one.

    >>> request_id("r-17"), len(request_id(None))
    ('r-17', 32)
    """
    if given and len(given) <= LONGEST_ID and given.strip() and not STRANGE.search(given):
        return given
    return uuid.uuid4().hex


def impressions(id, signature, inputs, outputs, version):
    """The impressions of an answer: one `Event` for each row.

    A request of one row has the id as its request; of several, row 2 has the id and "/2". What an
    event cannot hold, such as an item with a line break, gives no impression of its row.

    Args:
        id: Of the request.
        signature: Its name; of others than `recommend` nothing is logged.
        inputs, outputs: Name -> array. "propensity" of the outputs is logged.
        version: Number of the model's version.

    >>> shown = {"item": np.array([[b"a", b""]], object), "score": np.float32([[1, -np.inf]])}
    >>> (event,) = impressions("r", "recommend", {"user": np.array([b"u"], object)}, shown, 3)
    >>> event.id, event.user, event.items, event.version
    ('impression/r', 'u', ('a',), '3')
    >>> who = {"user": np.array([b"session:s-17"], object)}
    >>> impressions("r", "recommend", who, shown, 3)[0][3:5]
    (None, 's-17')
    """
    if signature not in LOGGED or np.ndim(outputs.get("item")) != 2:
        return []
    found, now, rows = [], time.time(), len(outputs["item"])
    for row in range(rows):
        shown = [place for place, item in enumerate(outputs["item"][row]) if item]
        request = id if rows == 1 else f"{id}/{row}"
        fields = {"kind": IMPRESSION, "id": f"impression/{request}", "request": request}
        fields["items"] = [_text(outputs["item"][row][place]) for place in shown]
        user = _of_row(inputs, "user", row) or ""
        who = "session" if user.startswith(SESSION) else "user"
        fields[who] = user.removeprefix(SESSION) or None
        fields["version"] = str(version)
        if "propensity" in outputs:
            fields["propensities"] = [float(outputs["propensity"][row][one]) for one in shown]
        fields["context"] = {
            name: value
            for name in inputs
            if name not in KNOWN and not name.startswith(OF_USER)
            if not _is_missing(value := _of_row(inputs, name, row))
        }
        with contextlib.suppress(InputError):
            found.append(read_event(fields, now))
    return found


def _of_row(inputs, name, row):
    """The value of an input for a row, of plain Python; None without the input."""
    if name not in inputs:
        return None
    values = np.asarray(inputs[name])
    value = values[row if len(values) > 1 else 0]
    if isinstance(value, np.ndarray):
        value = [_text(one) if isinstance(one, bytes) else one for one in value.tolist()]
        return [one for one in value if one != ""]
    return _text(value) if isinstance(value, bytes) else getattr(value, "item", lambda: value)()


def _is_missing(value):
    if isinstance(value, list):
        return not value or all(map(_is_missing, value))
    # 0 is the missing value of a time, the only whole numbers there are.
    return (
        value in (None, "")
        or (isinstance(value, float) and math.isnan(value))
        or (type(value) is int and value == 0)
    )


def _text(value):
    return value.decode(errors="replace")
