"""A rung of the ladder that was fitted and measured on the validation part."""

import dataclasses

from kerasrec.training.auto.rung import Rung


@dataclasses.dataclass(frozen=True)
class Tried:
    """What came of a rung.

    Attributes:
        rung: `Rung`, of a trained model with the epochs that repeat it.
        model: The fitted `Recommender`.
        validation: {"mean", "low", "high"} of the metric that models are chosen by.
        seconds: Of the fit and the validation.
        ranking: Of the validation alone.
        curve: Pairs of seconds and the metric, a pair a validation; empty without training.
        history: Logs of the epochs.
        ended: Why a training ended: "time", "hopeless", "patience" or "epochs"; None without.
        parts: The `Tried` parts of a `Blend`.
    """

    rung: Rung
    model: object
    validation: dict
    seconds: float
    ranking: float
    curve: tuple = ()
    history: tuple = ()
    ended: str | None = None
    parts: tuple = ()

    @property
    def mean(self):
        """The metric that models are chosen by."""
        return self.validation["mean"]

    def node(self):
        """The `model` of a run config, of a part with its `train`."""
        if not self.parts:
            return {"class": self.rung.class_, **self.rung.arguments}
        models = []
        for part in self.parts:
            models.append(part.node())
            if part.rung.train:
                models[-1]["train"] = dict(part.rung.train)
        return {"class": "Blend", "models": models, **self.rung.arguments}

    def to_dict(self):
        """Plain values for ladder.json."""
        return {
            "name": self.rung.name,
            "model": self.node(),
            "train": self.rung.train,
            "validation": self.validation,
            "seconds": self.seconds,
            "curve": [list(point) for point in self.curve],
            "ended": self.ended,
        }
