"""The queries of an evaluation."""

import dataclasses

import numpy as np

from kerasrec.data.histories import Histories


@dataclasses.dataclass(frozen=True, eq=False)
class Queries:
    """One query for each user with an interaction in the evaluated part.

    Args:
        users: int32 (n,), user rows, ascending.
        history: their earlier interactions, which the model may read, in time order.
        truth: their distinct items in the part, in time order.
        candidates: the items to rank for each user, the truth included; None for all.
        ranked: int32, the items to rank, the same for every user; None for all.
        context: features of the request of each user's first interaction in the part, by name, as
            given: what `recommend(context=...)` takes.
    """

    users: np.ndarray
    history: Histories
    truth: Histories
    candidates: Histories | None = None
    ranked: np.ndarray | None = None
    context: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def take(self, index: np.ndarray) -> "Queries":
        """The queries at these positions, ascending."""
        return Queries(
            self.users[index],
            self.history.take(index),
            self.truth.take(index),
            None if self.candidates is None else self.candidates.take(index),
            self.ranked,
            {name: values[index] for name, values in self.context.items()},
        )

    def __len__(self) -> int:
        return len(self.users)
