"""Checks users and histories of a request and converts them to columns."""

import math
import numbers

from kerasrec.errors import InputError
from kerasrec.id_list import id_list, id_lists
from kerasrec.whole_number import whole_number

# Timestamps are in seconds; a larger one is in milliseconds.
LAST = 10**11
# For error messages: the values of an input whose values are not ids.
OF = {"timestamp": "times", "behavior": "behaviors", "value": "ratings"}


class Request:
    """A request for one user or history, or for many.

    Args:
        user, history, behavior, timestamp, value: For one: an id, and lists of equal length.
        users, histories, behaviors, timestamps, values: For many: a list of such values.

    Attributes:
        single: Whether it is for one.
        rows: Number of queries.
        columns: The given ones of `user`, `history`, `behavior`, `timestamp` and `value`, one entry
            per row.

    Raises:
        InputError: without users and histories, for one and many at once, or for unequal lengths.

    >>> Request(history=["a", "b"]).columns
    {'history': [['a', 'b']]}
    """

    def __init__(
        self,
        user=None,
        users=None,
        history=None,
        histories=None,
        behavior=None,
        behaviors=None,
        timestamp=None,
        timestamps=None,
        value=None,
        values=None,
    ):
        one = {"user": user, "history": history, "behavior": behavior, "timestamp": timestamp}
        one["value"] = value
        many = dict(zip(one, (users, histories, behaviors, timestamps, values), strict=True))
        one = {name: value for name, value in one.items() if value is not None}
        many = {name: value for name, value in many.items() if value is not None}
        if one and many:
            raise InputError(
                f"give one or many, not both: got {', '.join(one)} and {', '.join(many)} as a list"
            )
        self.single = bool(one)
        given = one or many
        if not given.keys() & {"user", "history"}:
            raise InputError("give a user, users, a history or histories: all are missing")
        self.columns = {
            name: [_of_one(name, value)] if one else _of_many(name, value)
            for name, value in given.items()
        }
        counts = {name: len(values) for name, values in self.columns.items()}
        self.rows = next(iter(counts.values()))
        if not self.rows or len(set(counts.values())) > 1:
            raise InputError(f"expected lists of equal length, at least 1: got {counts}")
        self._check_lengths()

    def _check_lengths(self):
        for name in self.columns.keys() & {"behavior", "timestamp", "value"}:
            if "history" not in self.columns:
                raise InputError(f"{name} belongs to a history: give one, or leave {name} out")
            pairs = zip(self.columns["history"], self.columns[name], strict=True)
            for row, (history, values) in enumerate(pairs):
                if len(history) != len(values):
                    raise InputError(
                        f"{name}: expected one for each of the {len(history)} items of history "
                        f"{row}, got {len(values)}"
                    )


def texts(values, name, ordered=True):
    """Checks and returns a list of ids or behaviors, else raises an `InputError`."""
    values = id_list(values, name, ordered, OF.get(name, "ids"))
    for value in values:
        if not isinstance(value, str):
            raise InputError(f"{name} must be strings: got {value!r}, a {type(value).__name__}")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{name} must be text: got {value!r:.80} with an unpaired surrogate"
            ) from None
    return [str(value) for value in values]


def _of_many(name, values):
    if name == "user":
        return texts(values, "users")
    return [_of_one(name, each) for each in id_lists(values, name, of=OF.get(name, "ids"))]


def _of_one(name, value):
    if name == "user":
        return texts([value], "users")[0]
    if name == "value":
        return [_rating(each) for each in id_list(value, name, of=OF[name])]
    if name != "timestamp":
        return texts(value, name)
    return [
        whole_number(time, "a timestamp", 0, LAST, "the year 5138 in seconds, ")
        for time in id_list(value, name, of="times")
    ]


def _rating(value):
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or math.isinf(value):
        raise InputError(f"value: expected ratings, or None for an item without: got {value!r}")
    return float(value)
