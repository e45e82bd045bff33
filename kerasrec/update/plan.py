"""The settings of an update."""

import dataclasses

from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True)
class Plan:
    """How an update chooses what it trains on, and for how long.

    Args:
        judged: Share of the new interactions, the latest ones, that only the gate sees; the next
            update trains on them.
        days: New interactions older than so many days before the newest are not trained on; None
            for all.
        replay: Rows of users without new interactions for each new row, see `choose_rows`.
        epochs: Number of epochs; None for a third of what the first run needed.
        behaviors: The behaviors that count; all where none is given.
        keep: Versions that stay in the folder of the model.
        seed: Of the rows that are drawn, and of the queries.
    """

    judged: float = 0.2
    days: float | None = None
    replay: float = 4.0
    epochs: int | None = None
    behaviors: tuple = ()
    keep: int = 3
    seed: int = 0

    def __post_init__(self):
        if not 0 < self.judged < 1:
            raise InputError(f"judged must be above 0 and below 1: got {self.judged}")
        if self.days is not None and not self.days > 0:
            raise InputError(f"days must be above 0: got {self.days}")
        if not self.replay >= 0:
            raise InputError(f"replay must be at least 0: got {self.replay}")
        if self.keep < 2:
            raise InputError(f"keep must be at least 2, for a rollback: got {self.keep}")
