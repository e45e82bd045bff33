"""What is measured beside every ranker."""

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions.gradient_boosting import GradientBoosting
from kerasrec.evaluation.impressions.mean_rates import MeanRates

BASELINES = {"MeanRates": MeanRates, "GradientBoosting": GradientBoosting}


def ranker_baselines(names, split, say=lambda line: None):
    """The adapted baselines of a ranker.

    Args:
        names: Of `BASELINES`.
        split: `ImpressionSplit`.
        say: Called with a line for people where one is left out.

    Raises:
        InputError: for an unknown name.
    """
    found = []
    for name in names:
        if name not in BASELINES:
            raise InputError(
                f"evaluate.baselines: there is no baseline {name!r} of rankers: "
                f"{', '.join(BASELINES)}"
            )
        try:
            baseline = BASELINES[name]()
        except InputError as error:  # what it needs is not installed
            say(f"{name} is left out: {error}")
            continue
        found.append(baseline.adapt(split.train))
    return found
