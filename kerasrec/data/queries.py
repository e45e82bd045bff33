"""What is asked of a model when a part of the data is evaluated."""

import dataclasses

import numpy as np

from kerasrec.data.histories import Histories


@dataclasses.dataclass(frozen=True, eq=False)
class Queries:
    """One question for each user with an interaction in a part: what comes next?

    Args:
        users: int32 (n,), user rows, rising.
        history: what the model may know of them, in time order.
        truth: the part's distinct items of them, in time order.
        candidates: the items to rank for them, the truth among them; None for all.
        ranked: int32, the items to rank for each of them; None for all.
    """

    users: np.ndarray
    history: Histories
    truth: Histories
    candidates: Histories | None = None
    ranked: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.users)
