"""What is done to the logits of a trained ranker, so that they are logits of probabilities."""

from kerasrec.errors import InputError
from kerasrec.layers.isotonic_scaling import IsotonicScaling
from kerasrec.layers.negative_sampling_correction import NegativeSamplingCorrection
from kerasrec.layers.platt_scaling import PlattScaling

METHODS = ("none", "platt", "isotonic")


class Calibrations:
    """The calibration of each binary task: three layers that change nothing until they are fitted.

        served logit = isotonic(platt(logit + log(share of the negatives in the data)))

    They are no part of the training graph, and a part of everything that is served.

    Args:
        tasks: `Task`s.

    Attributes:
        layers: Lists of the three layers, by task.
    """

    def __init__(self, tasks):
        self.layers = {
            task.name: [
                NegativeSamplingCorrection(name=f"{task.name}_negatives"),
                PlattScaling(name=f"{task.name}_platt"),
                IsotonicScaling(name=f"{task.name}_isotonic"),
            ]
            for task in tasks
            if task.kind == "binary"
        }

    def __call__(self, logits):
        """Logits `(batch,)` by task, those of binary tasks calibrated."""
        found = dict(logits)
        for task, layers in self.layers.items():
            for layer in layers:
                found[task] = layer(found[task])
        return found

    @property
    def weights(self):
        """The Keras variables of all layers."""
        return [
            weight for layers in self.layers.values() for one in layers for weight in one.weights
        ]

    def adapt(self, train):
        """Takes the share of the negatives that the train part has."""
        for sampling, *_ in self.layers.values():
            sampling.assign(train.negative_rate)

    def fit(self, ranker, data, method):
        """Fits the probabilities of a ranker to impressions that it was not trained on.

        Args:
            ranker: The `Ranker` of these calibrations.
            data: `Impressions`, such as the validation part.
            method: "platt", a line, for little data; "isotonic", a curve; "none" for neither.

        Raises:
            InputError: for another method, or labels of one class.
        """
        if method not in METHODS:
            raise InputError(f"calibrate: expected one of {', '.join(METHODS)}, got {method!r}")
        for _, platt, isotonic in self.layers.values():
            platt.assign(1.0, 0.0)
            isotonic.assign([0.0, 1.0], [0.0, 1.0])
        if method == "none" or not self.layers:
            return
        logits, weights = ranker.predict_logits(data), data.row_weights()
        for task, (_, platt, isotonic) in self.layers.items():
            chosen = platt if method == "platt" else isotonic
            chosen.fit(data.labels[task], logits[task], weights)
