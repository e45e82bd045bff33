"""A request in external ids, as the rows a model reads."""

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.id_list import id_list, id_lists, unknown_note
from kerasrec.models.requests.request_times import request_times


class Request:
    """Users or histories that somebody asks about.

    Args:
        model: An adapted `Recommender`.
        users: External user ids, or None.
        histories: Lists of external item ids in time order, one for each answer, or None for the
            users' stored ones.
        behaviors, timestamps: What was done at each item of the histories, and when (see
            `request_times`), as lists of the same lengths; None where it is not known.

    Attributes:
        names: The user ids, or the numbers of the histories.
        notes: Sentences on what was unknown or cut.

    Raises:
        InputError: for neither users nor histories, different numbers of them, what is no list of
            ids, histories that the model does not read, and behaviors or timestamps of another
            length.
    """

    def __init__(self, model, users, histories, behaviors=None, timestamps=None):
        users = None if users is None else id_list(users, "users")
        histories = None if histories is None else id_lists(histories, "histories")
        lists = {
            name: values if values is None else id_lists(values, name, of)
            for name, of, values in (
                ("behaviors", "behaviors", behaviors),
                ("timestamps", "times", timestamps),
            )
        }
        _check(model, users, histories)
        _check_context(histories, lists)
        self.notes = []
        self._items = model.items.vocabulary
        self._behaviors = model.behaviors
        self._names = model.query_inputs
        self._length = model.schema.history_length
        self.names = list(range(len(histories))) if users is None else users
        if users is None:
            self._users = np.full(len(self.names), UNKNOWN, "int32")
        else:
            self._users = _rows(model.users.vocabulary, self.names)
            instead = model.unknown_user
            if histories is not None and "history" in self._names:
                instead = "from the histories given"
            self._note_unknown("user", self.names, self._users, f"answered {instead}")
        if histories is None:
            self._past = model.histories.take(self._users)
        else:
            self._past = self._rows_of(histories, **lists)
            cut = int((self._past.lengths > self._length).sum())
            if cut and "history" in model.query_inputs:
                whose = "history cut to its" if cut == 1 else "histories cut to their"
                self.notes.append(f"{cut} {whose} last {self._length} items, the model's limit")

        for name, read in (("behaviors", "behavior"), ("timestamps", "time_gap")):
            if lists.get(name) is not None and read not in model.query_inputs:
                self.notes.append(
                    f"{type(model).__name__} reads no {name} of a history: they change nothing"
                )
        # Of unknown users it is said already.
        asked = (self._users != UNKNOWN) | (histories is not None)
        nothing = int((asked & (self._past.lengths == 0)).sum())
        if nothing and "history" in model.query_inputs:
            profiled = users is not None and model.user_catalog is not None
            instead = "from what is known of the user" if profiled else model.unknown_user
            self.notes.append(
                f"{nothing} of {len(self.names)} queries {'has' if nothing == 1 else 'have'} no "
                f"history that the model knows: answered {instead}"
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

    def listed(self, ids, what):
        """Rows of a list of item ids, unknown ones noted as left out; blanks are padding.

        `what` names the ids in the note.
        """
        rows = _rows(self._items, ids, blank=PADDING)
        self._note_unknown(what, ids, rows, "left out")
        return rows

    def asked(self, items):
        """Rows of items to score, one for each query; a blank one is as unknown as any other."""
        rows = _rows(self._items, items)
        self._note_unknown("item", items, rows, "scored as one that training never saw")
        return rows

    def _rows_of(self, histories, behaviors, timestamps):
        lengths = [len(history) for history in histories]
        rows = self.listed([item for history in histories for item in history], "history item")
        owner = np.repeat(np.arange(len(lengths)), lengths)
        known, context = rows >= FIRST, {}
        if behaviors is not None and self._behaviors is not None:
            done = [name for history in behaviors for name in history]
            done_rows = _rows(self._behaviors, done, blank=PADDING)
            self._note_unknown("behavior", done, done_rows, "read as any other would be")
            context["behavior"] = done_rows[known]
        if timestamps is not None:
            order, seconds = (column[known] for column in request_times(timestamps))
            context["timestamp"] = seconds
            back = (np.diff(order) < 0) & (np.diff(owner[known]) == 0) & (seconds[1:] > 0)
            if "time_gap" in self._names and back.any():
                late = len(np.unique(owner[known][1:][back]))
                self.notes.append(
                    f"{late} {'history has' if late == 1 else 'histories have'} timestamps that go "
                    "back: the items are read in the order given, and such a step as one that took "
                    "no time"
                )
        return Histories.from_pairs(owner[known], rows[known], len(lengths), **context)

    def _note_unknown(self, what, ids, rows, instead):
        unknown = [name for name, row in zip(ids, rows, strict=True) if row == UNKNOWN]
        if unknown:
            self.notes.append(unknown_note(what, unknown, instead))


def _rows(vocabulary, ids, blank=UNKNOWN):
    """Rows of a list of ids; `blank` is that of "", None and NaN."""
    values = np.empty(len(ids), dtype=object)
    values[:] = ids
    return np.maximum(vocabulary.rows(values), blank)


def _check(model, users, histories):
    if users is None and histories is None:
        raise InputError("give users or histories: both are missing")
    for name, value in (("users", users), ("histories", histories)):
        if value is not None and not value:
            raise InputError(f"{name} must be a list with at least one entry: got {value!r}")
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
