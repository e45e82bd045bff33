"""A request in external ids, as the rows a model reads."""

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError


class Request:
    """Users or histories that somebody asks about.

    Args:
        model: An adapted `Recommender`.
        users: External user ids, or None.
        histories: Lists of external item ids in time order, one for each answer, or None for the
            users' stored ones.
        behaviors, timestamps: What was done at each item of the histories, and when (seconds), as
            lists of the same lengths; None where it is not known.

    Attributes:
        names: The user ids, or the numbers of the histories.
        notes: Sentences on what was unknown or cut.

    Raises:
        InputError: for neither users nor histories, different numbers of them, histories that the
            model does not read, or behaviors or timestamps of another length.
    """

    def __init__(self, model, users, histories, behaviors=None, timestamps=None):
        _check(model, users, histories)
        self.notes = []
        context = {"behaviors": behaviors, "timestamps": timestamps}
        _check_context(histories, context)
        self._items = model.items.vocabulary
        self._behaviors = model.behaviors
        self._names = model.query_inputs
        self._length = model.schema.history_length
        self.names = list(range(len(histories))) if users is None else list(users)
        if users is None:
            self._users = np.full(len(self.names), UNKNOWN, "int32")
        else:
            self._users = model.users.vocabulary.rows(np.asarray(self.names, dtype=object))
            self._note_unknown("user", self.names, self._users)
        if histories is None:
            self._past = model.histories.take(self._users)
        else:
            self._past = self._rows_of(histories, **context)
            cut = int((self._past.lengths > self._length).sum())
            if cut and "history" in model.query_inputs:
                self.notes.append(
                    f"{cut} histories cut to their last {self._length} items, the model's limit"
                )

        # Of unknown users it is said already.
        asked = (self._users != UNKNOWN) | (histories is not None)
        nothing = int((asked & (self._past.lengths == 0)).sum())
        if nothing and "history" in model.query_inputs:
            profiled = getattr(model, "user_catalog", None) is not None
            instead = "from what is known of the user" if profiled else "with what is popular"
            self.notes.append(
                f"{nothing} of {len(self.names)} queries have no history that the model knows: "
                f"answered {instead}"
            )

    def inputs(self, part):
        """Model inputs of the queries in a slice."""
        inputs = self.past(part).inputs(self._names, self._length)
        return {"user": self._users[part], **inputs}

    def seen(self, part):
        """Item rows `(n, longest)` of the histories in a slice, 0 is padding."""
        return self.past(part).padded()

    def past(self, part):
        """`Histories` of the queries in a slice."""
        return self._past.take(np.arange(len(self.names))[part])

    def items(self, ids, what):
        """Rows of external item ids, unknown ones noted; `what` names them in the note."""
        rows = self._items.rows(np.asarray(list(ids), dtype=object))
        self._note_unknown(what, ids, rows)
        return rows

    def _rows_of(self, histories, behaviors, timestamps):
        lengths = [len(history) for history in histories]
        rows = self.items([item for history in histories for item in history], "history item")
        owner = np.repeat(np.arange(len(lengths)), lengths)
        known, context = rows >= FIRST, {}
        if behaviors is not None and self._behaviors is not None:
            done = [name for history in behaviors for name in history]
            done_rows = self._behaviors.rows(np.asarray(done, dtype=object))
            self._note_unknown("behavior", done, done_rows)
            context["behavior"] = done_rows[known]
        if timestamps is not None:
            times = [time for history in timestamps for time in history]
            times = context["timestamp"] = np.asarray(times, dtype="int64")[known]
            back = (np.diff(times) < 0) & (np.diff(owner[known]) == 0) & (times[1:] > 0)
            if "time_gap" in self._names and back.any():
                late = len(np.unique(owner[known][1:][back]))
                self.notes.append(
                    f"{late} histories have timestamps that go back: their items are read in the "
                    "order given, and such a step as one that took no time"
                )
        return Histories.from_pairs(owner[known], rows[known], len(lengths), **context)

    def _note_unknown(self, what, ids, rows):
        unknown = [str(name) for name, row in zip(ids, rows, strict=True) if row == UNKNOWN]
        if unknown:
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            self.notes.append(f"{len(unknown)} unknown {what} ids, answered from the rest: {shown}")


def _check(model, users, histories):
    if users is None and histories is None:
        raise InputError("give users or histories: both are missing")
    for name, value in (("users", users), ("histories", histories)):
        if isinstance(value, str) or (value is not None and not len(value)):
            raise InputError(f"{name} must be a list with at least one entry: got {value!r}")
    if histories is not None and any(isinstance(history, str) for history in histories):
        raise InputError("histories must be a list of lists of item ids: got a list of strings")
    if users is not None and histories is not None and len(users) != len(histories):
        raise InputError(f"{len(users)} users but {len(histories)} histories: one each")
    if users is None and "histories" not in model.capabilities:
        raise InputError(
            f"{type(model).__name__} answers known users only (capabilities: "
            f"{', '.join(sorted(model.capabilities))}): give users, not histories"
        )


def _check_context(histories, context):
    for name, lists in context.items():
        if lists is None:
            continue
        if histories is None:
            raise InputError(f"{name} belong to histories: give histories, or leave {name} out")
        if len(lists) != len(histories):
            raise InputError(
                f"{name}: expected one list for each of {len(histories)} histories, got "
                f"{len(lists)}"
            )
        for number, (history, given) in enumerate(zip(histories, lists, strict=True)):
            if len(given) != len(history):
                raise InputError(
                    f"{name}: expected one for each of the {len(history)} items of history "
                    f"{number}, got {len(given)}"
                )
