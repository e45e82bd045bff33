"""Train, validation and test parts of the same data."""

import dataclasses

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

    def known(self, part: str) -> Interactions:
        """The interactions known when a part is evaluated: train, and for "test" validation.

        In a split with `ranked` items only train is known.
        """
        self._part(part)
        if part == "validation" or self.ranked is not None:
            return self.train
        return self.train.concat(self.validation)

    def queries(self, part: str) -> Queries:
        """The part's queries; InputError if it is empty."""
        found = self._part(part)
        if not len(found):
            raise InputError(f"The {part} part of the {self.protocol} split is empty.")
        pairs = pd.DataFrame({"user": found.user, "item": found.item})
        found = found.select(~pairs.duplicated().to_numpy())
        users = np.unique(found.user)
        return Queries(
            users,
            self.known(part).histories().take(users),
            found.histories().take(users),
            self.candidates[part].take(users) if self.candidates else None,
            None if self.ranked is None else self.ranked[part],
        )

    def _part(self, part: str) -> Interactions:
        if part not in ("validation", "test"):
            raise InputError(f'part must be "validation" or "test", got {part!r}.')
        return self.validation if part == "validation" else self.test
