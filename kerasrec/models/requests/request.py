"""A request in external ids, converted to the rows that a model reads."""

import numpy as np

from kerasrec.data.histories import Histories
from kerasrec.data.query_spec import QUERY_INPUTS, query_spec
from kerasrec.data.request_times import request_times
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.id_list import id_list, id_lists, unknown_note
from kerasrec.models.requests.request_context import request_context
from kerasrec.models.requests.request_user_features import number_of_users, request_user_features
from kerasrec.models.requests.request_values import request_values


class Request:
    """Users or histories to answer.

    Args:
        model: An adapted `Recommender`.
        users: External user ids, or None. Without histories as well, `user_features` is all that is
            known of each user.
        histories: Lists of external item ids in time order, one for each answer, or None for the
            users' stored ones.
        behaviors, timestamps, values: The behavior, the time (see `request_times`) and the rating
            of each item of the histories, in lists of the same lengths; None where they are not
            known.
        context: Features of the request by name: a list with a value for each query, or one value
            for all; None where none is known.
        user_features: Features of the users by name, as `context`: what is given is read in place
            of what is stored.
        written: Numbers of the features may be texts, as in a text file.

    Attributes:
        names: The user ids, or the numbers of the histories.
        notes: Sentences on unknown ids and on histories that were cut.

    Raises:
        InputError: for neither users nor histories, different numbers of them, values that are not
            lists of ids, histories that the model does not read, behaviors, timestamps or values of
            another length, and values that are no numbers of the model's `value_range`.
    """

    def __init__(
        self,
        model,
        users,
        histories,
        behaviors=None,
        timestamps=None,
        values=None,
        context=None,
        user_features=None,
        written=False,
    ):
        users = None if users is None else id_list(users, "users")
        if isinstance(user_features, dict) and not user_features:
            user_features = None  # as a command line without any
        histories = None if histories is None else id_lists(histories, "histories")
        of_steps = {
            name: id_lists(lists, f"{name}s", of)
            for name, of, lists in (
                ("behavior", "behaviors", behaviors),
                ("timestamp", "times", timestamps),
                ("value", "ratings", values),
            )
            if lists is not None
        }
        _check(model, users, histories, user_features)
        _check_steps(histories, of_steps)
        self.notes = []
        self._items = model.items.vocabulary
        self._behaviors = model.behaviors
        self._names = model.query_inputs
        self._length = model.schema.history_length
        self._value_range = model.value_range
        if users is not None:
            self.names = users
        elif histories is not None:
            self.names = list(range(len(histories)))
        else:
            self.names = list(range(number_of_users(user_features)))
        if users is None:
            self._users = np.full(len(self.names), UNKNOWN, "int32")
        else:
            self._users = _rows(model.users.vocabulary, self.names)
            instead = model.unknown_user
            rated = "value" in of_steps or "value" not in self._names
            if histories is not None and "history" in self._names and rated:
                instead = "from the histories given"
            elif user_features is not None:
                instead = "from the features given"
            self._note_unknown("user", self.names, self._users, f"answered {instead}")
        if histories is None:
            # Their lists are taken when they are needed, a few queries at a time.
            self._past, self._keys = model.histories, self._users
        else:
            self._past = self._rows_of(histories, **of_steps)
            self._keys = np.arange(len(self.names))
            cut = int((self.lengths > self._length).sum())
            if cut and "history" in model.query_inputs:
                whose = "history cut to its" if cut == 1 else "histories cut to their"
                self.notes.append(f"{cut} {whose} last {self._length} items, the model's limit")

        self._context, notes = request_context(model, context, len(self.names), written)
        self.notes += notes
        self._user_features = request_user_features(model, user_features, self._users, written)
        spec = QUERY_INPUTS | query_spec(model.schema)
        sources = {spec[name].source for name in self._names}
        for name in of_steps:
            if name not in sources:
                self.notes.append(
                    f"{type(model).__name__} reads no {name}s of a history: they change nothing"
                )
        # Unknown users have their own note.
        noted = (self._users == UNKNOWN) & (histories is None)
        empty = int((~noted & (self.lengths == 0)).sum())
        if empty and "history" in model.query_inputs:
            profiled = self._user_features or (users is not None and model.profile_inputs)
            instead = "from what is known of the user" if profiled else model.unknown_user
            self.notes.append(
                f"{empty} of {len(self.names)} queries {'has' if empty == 1 else 'have'} no "
                f"history that the model knows: answered {instead}"
            )

        if "value" in self._names and users is None:
            self._note_unrated(model.unknown_user)

    def inputs(self, part):
        """Model inputs of the queries in a slice."""
        # A user may be asked about many times, and the history be long.
        once, place = np.unique(self._keys[part], return_inverse=True)
        inputs = self._past.take(once).inputs(self._names, self._length)
        inputs = {name: x[place] for name, x in inputs.items()}
        context = {name: x[part] for name, x in self._context.items()}
        features = {name: x[part] for name, x in self._user_features.items()}
        return {"user": self._users[part]} | inputs | context | features

    def seen(self, part):
        """Item rows `(n, longest)` of the histories in a slice; 0 is padding."""
        return self.past(part).padded()

    def past(self, part):
        """`Histories` of the queries in a slice."""
        return self._past.take(self._keys[part])

    @property
    def lengths(self):
        """Items in the history of each query, int64 (queries,)."""
        return self._past.lengths[self._keys]

    def item_rows(self, ids, what):
        """Rows of a list of item ids; blank ids are padding, unknown ones are noted as left out.

        `what` names the ids in the note.
        """
        rows = _rows(self._items, ids, blank=PADDING)
        self._note_unknown(what, ids, rows, "left out")
        return rows

    def rows_to_score(self, items):
        """Rows of items to score, one for each query; a blank id is an unknown item."""
        rows = _rows(self._items, items)
        self._note_unknown("item", items, rows, "scored as one that training never saw")
        return rows

    def _rows_of(self, histories, behavior=None, timestamp=None, value=None):
        lengths = [len(history) for history in histories]
        rows = self.item_rows([item for history in histories for item in history], "history item")
        owner = np.repeat(np.arange(len(lengths)), lengths)
        known, context = rows >= FIRST, {}
        if behavior is not None and self._behaviors is not None:
            names = [name for history in behavior for name in history]
            behavior_rows = _rows(self._behaviors, names, blank=PADDING)
            self._note_unknown("behavior", names, behavior_rows, "read as any other would be")
            context["behavior"] = behavior_rows[known]
        if timestamp is not None:
            order, seconds = (column[known] for column in request_times(timestamp))
            context["timestamp"] = seconds
            back = (np.diff(order) < 0) & (np.diff(owner[known]) == 0) & (seconds[1:] > 0)
            read = (QUERY_INPUTS[name] for name in self._names if name in QUERY_INPUTS)
            if any(each.difference for each in read) and back.any():
                late = len(np.unique(owner[known][1:][back]))
                self.notes.append(
                    f"{late} {'history has' if late == 1 else 'histories have'} timestamps that go "
                    "back: the items are read in the order given, and such a step as one that took "
                    "no time"
                )
        if value is not None and "value" in self._names:
            context["value"] = request_values(value, self._value_range)[known]
        return Histories.from_pairs(owner[known], rows[known], len(lengths), **context)

    def _note_unrated(self, instead):
        """Notes the histories without a rating, of a model that reads nothing else of them."""
        rated = np.zeros(len(self.names), bool)
        if self._past.value is not None:
            owner = np.repeat(self._keys, self.lengths)
            rated[owner[~np.isnan(self._past.value)]] = True
        count = int((~rated & (self.lengths > 0)).sum())
        if count:
            self.notes.append(
                f"{count} of {len(rated)} queries {'has' if count == 1 else 'have'} no rating in "
                f"values: answered {instead}"
            )

    def _note_unknown(self, what, ids, rows, instead):
        unknown = [name for name, row in zip(ids, rows, strict=True) if row == UNKNOWN]
        if unknown:
            self.notes.append(unknown_note(what, unknown, instead))


def _rows(vocabulary, ids, blank=UNKNOWN):
    """Rows of a list of ids; `blank` is that of "", None and NaN."""
    values = np.empty(len(ids), dtype=object)
    values[:] = ids
    return np.maximum(vocabulary.rows(values), blank)


def _check(model, users, histories, user_features):
    if users is None and histories is None and user_features is None:
        raise InputError("give users or histories: both are missing")
    for name, value in (("users", users), ("histories", histories)):
        if value is not None and not value:
            raise InputError(f"{name} must be a list with at least one entry: got {value!r}")
    if users is not None and histories is not None and len(users) != len(histories):
        raise InputError(f"{len(users)} users but {len(histories)} histories: one each")
    if histories is not None and users is None and "histories" not in model.capabilities:
        raise InputError(
            f"{type(model).__name__} answers known users only (capabilities: "
            f"{', '.join(sorted(model.capabilities))}): give users, not histories"
        )


def _check_steps(histories, of_steps):
    for name, lists in of_steps.items():
        name = f"{name}s"
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
