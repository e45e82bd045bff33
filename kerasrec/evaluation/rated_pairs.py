"""The interactions of a part whose values are predicted."""

import time

import numpy as np

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.evaluation.groups import HOT_ITEM, HOT_USER, group_of
from kerasrec.evaluation.inputs import batches_of, query_inputs, within
from kerasrec.evaluation.value_kind import value_kind


class RatedPairs:
    """The interactions of a part, their users' known histories and their groups.

    Args:
        split: `Split`.
        part: "validation" or "test".
        users: Rows of the users whose interactions count, ascending; None for all.

    Attributes:
        values: `(pairs,)` float64.
        labels: Whether all values are 0 and 1.
        query: `(pairs,)` int, the number of the user among those of the part.
        num_users: Users of the part.
        groups: Dict of "item" and "user" to the group of each pair, see `group_of`.

    Raises:
        InputError: if all values are equal.
    """

    def __init__(self, split, part, users=None):
        self._queries, evaluated = split.queries(part, users), getattr(split, part)
        if users is not None:
            evaluated = evaluated.of_users(users)
        self._items, self.values = evaluated.item, evaluated.value.astype("float64")
        self._context = evaluated.context.values
        kind = value_kind(split, part)
        if kind is None:
            raise InputError(
                f"all values are {self.values[0]:g}: there is no value to predict; "
                "evaluate() ranks, which is what such data is for"
            )
        self.labels = kind == "labels"
        users = self._queries.users
        self.num_users = len(users)
        row_of = np.zeros(int(users.max()) + 1, dtype="int64")
        row_of[users] = np.arange(len(users))
        self.query = row_of[evaluated.user]
        self.groups = {
            "item": group_of(split.train.item_counts()[self._items], HOT_ITEM),
            "user": group_of(self._queries.history.lengths[self.query], HOT_USER),
        }

    def score(self, model, batch_size):
        """Scores float64 `(pairs,)` of a model, so many at a time, and the seconds they took."""
        started, scores = time.perf_counter(), []
        for batch in batches_of(np.arange(len(self.values)), batch_size):
            context = {name: values[batch] for name, values in self._context.items()}
            inputs = query_inputs(model, self._queries, self.query[batch], context)
            items = within(self._items[batch], model.schema.num_items, UNKNOWN)
            scores.append(np.asarray(model.score_pairs(inputs, items), dtype="float64"))
        return np.concatenate(scores), time.perf_counter() - started
