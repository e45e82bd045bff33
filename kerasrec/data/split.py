"""Train, validation and test parts of the same data."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.queries import Queries
from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Three disjoint parts with the same catalogs, the protocol that made them, and notes.

    >>> from kerasrec.data.splits import next_item
    >>> frame = pd.DataFrame({"user": list("uuuuvvv"), "item": list("abcdabd")})
    >>> split = next_item(Interactions.from_frame(frame))
    >>> [len(part) for part in (split.train, split.validation, split.test)]
    [3, 2, 2]
    >>> queries = split.queries("test")
    >>> items = split.test.items.vocabulary
    >>> items.lookup(queries.history[0]).tolist(), items.lookup(queries.truth[0]).tolist()
    (['a', 'b', 'c'], ['d'])
    """

    train: Interactions
    validation: Interactions
    test: Interactions
    protocol: str
    notes: tuple[str, ...] = ()
    candidates: dict[str, Histories] | None = None
    ranked: dict[str, np.ndarray] | None = None

    def known(self, part: str, users: Any = None) -> Interactions:
        """The interactions known when a part is evaluated: train, and for "test" validation.

        In a split with `ranked` items only train is known.

        Args:
            users: rows of the users whose interactions are wanted, ascending; None for all.
        """
        self._part(part)
        parts = [self.train, self.validation]
        if part == "validation" or self.ranked is not None:
            parts = [self.train]
        if users is not None:
            parts = [one.of_users(users) for one in parts]
        return parts[0] if len(parts) == 1 else parts[0].concat(parts[1])

    def query_users(self, part: str) -> np.ndarray:
        """Rows of the users with interactions in a part, ascending; InputError if it is empty."""
        found = self._part(part)
        if not len(found):
            raise InputError(f"The {part} part of the {self.protocol} split is empty.")
        return np.flatnonzero(found.user_counts()).astype(np.int32)

    def queries(self, part: str, users: Any = None) -> Queries:
        """The part's queries; InputError if it is empty.

        Args:
            users: rows of some of its `query_users`, ascending; None for all of them. Only their
                interactions are read.
        """
        if users is None:
            users, found = self.query_users(part), self._part(part)
        else:
            found = self._part(part).of_users(users)
        pairs = pd.DataFrame({"user": found.user, "item": found.item})
        found = found.select(~pairs.duplicated().to_numpy())
        # What comes later in the part is not known when the first item is asked for.
        _, first = np.unique(found.user, return_index=True)
        return Queries(
            users,
            self.known(part, users).histories().take(users),
            found.histories().take(users),
            self.candidates[part].take(users) if self.candidates else None,
            None if self.ranked is None else self.ranked[part],
            found.context.select(first).values,
        )

    def _part(self, part: str) -> Interactions:
        if part not in ("validation", "test"):
            raise InputError(f'part must be "validation" or "test", got {part!r}.')
        return self.validation if part == "validation" else self.test
