"""Who is asked about, checked before anything is sent."""

from kerasrec.errors import InputError


class Request:
    """One user or history, or many.

    Args:
        user, history, behavior, timestamp: Of one: an id, and lists of the same length.
        users, histories, behaviors, timestamps: Of many: a list of them.

    Attributes:
        single: Whether it is about one.
        rows: How many.
        columns: `user`, `history`, `behavior`, `timestamp`, those given, one entry for each row.

    Raises:
        InputError: for nobody, for one and many at once, or for lists of other lengths.

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
    ):
        one = {"user": user, "history": history, "behavior": behavior, "timestamp": timestamp}
        many = dict(zip(one, (users, histories, behaviors, timestamps), strict=True))
        one = {name: value for name, value in one.items() if value is not None}
        many = {name: value for name, value in many.items() if value is not None}
        if one and many:
            raise InputError(
                f"give one or many, not both: got {', '.join(one)} and {', '.join(many)} as a list"
            )
        self.single = bool(one)
        given = {name: [value] for name, value in one.items()} if one else many
        if not given.keys() & {"user", "history"}:
            raise InputError("give a user, users, a history or histories: all are missing")
        self.columns = {
            name: texts(values, "users") if name == "user" else lists_of(values, name)
            for name, values in given.items()
        }
        counts = {name: len(values) for name, values in self.columns.items()}
        self.rows = next(iter(counts.values()))
        if not self.rows or len(set(counts.values())) > 1:
            raise InputError(f"expected one of each for every answer, and one answer: got {counts}")
        self._check_lengths()

    def _check_lengths(self):
        for name in self.columns.keys() & {"behavior", "timestamp"}:
            if "history" not in self.columns:
                raise InputError(f"{name} belongs to a history: give one, or leave {name} out")
            pairs = zip(self.columns["history"], self.columns[name], strict=True)
            for row, (history, values) in enumerate(pairs):
                if len(history) != len(values):
                    raise InputError(
                        f"{name}: expected one for each of the {len(history)} items of history "
                        f"{row}, got {len(values)}"
                    )


def texts(values, name):
    """A list of ids, or an `InputError`."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise InputError(f"{name} must be a list of strings: got {values!r}")
    values = list(values)
    for value in values:
        if not isinstance(value, str):
            raise InputError(f"{name} must be strings: got {value!r}, a {type(value).__name__}")
    return [str(value) for value in values]


def lists_of(values, name):
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise InputError(f"{name}: expected a list for each answer, got {values!r}")
    if name != "timestamp":
        return [texts(each, name) for each in values]
    return [[whole(value, "a timestamp") for value in each] for each in values]


def whole(value, name, least=0):
    """A whole number, or an `InputError`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise InputError(f"{name} must be a whole number of at least {least}: got {value!r}")
    return value.__index__()
