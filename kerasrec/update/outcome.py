"""What an update did."""

import dataclasses

from kerasrec.update.judgement import Judgement


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an update did.

    Args:
        version: Number of the new version; None where there was too little new to train on.
        serving: Number of the version that is served now.
        judgement: `Judgement` of the gate, None without a new version.
        sentence: The result for people.
    """

    version: int | None
    serving: int
    judgement: Judgement | None
    sentence: str

    @property
    def refused(self):
        """Whether a version was made and may not be served."""
        return self.judgement is not None and not self.judgement.promoted

    def to_dict(self):
        """Plain values for JSON."""
        judged = self.judgement and self.judgement.to_dict()
        return {**dataclasses.asdict(self), "judgement": judged}
