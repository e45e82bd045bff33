"""How a server answers: together, by which version, and what else it shows."""

import dataclasses

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
    """

    batching: BatchingParameters | None = None
    explorer: Explorer | None = None
    shares: dict[str, float] | None = None
    salt: str = ""
