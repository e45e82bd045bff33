"""How a server answers: together, by which version, and what else it shows."""

import dataclasses

from kerasrec.errors import InputError
from kerasrec.serving.batching_parameters import BatchingParameters
from kerasrec.serving.explorer import Explorer


@dataclasses.dataclass(frozen=True)
class Answering:
    """How requests are answered; by default each on its own, by the newest version, as ranked.

    Attributes:
        batching: A `BatchingParameters`; None for no batching.
        explorer: An `Explorer`, which REST asks; None for no exploration.
        shares: dict of versions to their shares of the people, see `SharedModels`; None for the
            newest version.
        salt: Of the shares.
        new_items: With events, the share of the places of a list for new items, see `LiveItems`.

    Raises:
        InputError: for an explorer and a share of new items.
    """

    batching: BatchingParameters | None = None
    explorer: Explorer | None = None
    shares: dict[str, float] | None = None
    salt: str = ""
    new_items: float = 0.0

    def __post_init__(self):
        if self.explorer and self.new_items:
            raise InputError(
                "--explore and --new-items together: the propensities would not be those of what "
                "is shown. Leave one out; --explore new:0.1 also shows what few have seen"
            )
