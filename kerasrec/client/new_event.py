"""Makes an event that a server will take."""

import time
import uuid

from kerasrec.events.read_event import read_event


def new_event(fields):
    """The fields of an event as `read_event` takes them, with an id and a time.

    Args:
        fields: See `read_event`.

    Raises:
        InputError: as `read_event`, so that what is wrong is said where it is logged.

    >>> sorted(new_event({"kind": "interaction", "item": "a", "user": "u"}))
    ['behavior', 'id', 'item', 'kind', 'time', 'user']
    """
    fields = {name: value for name, value in fields.items() if value is not None}
    fields.setdefault("id", uuid.uuid4().hex)
    return read_event(fields, time.time()).to_dict()
