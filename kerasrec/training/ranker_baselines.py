"""What is measured beside every ranker."""

import importlib.util

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions.gradient_boosting import GradientBoosting
from kerasrec.evaluation.impressions.mean_rates import MeanRates

BASELINES = {"MeanRates": MeanRates, "GradientBoosting": GradientBoosting}
# What a baseline needs that is not always installed: module, and the extra that brings it.
NEEDS = {"GradientBoosting": ("lightgbm", "lightgbm")}


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
        module, extra = NEEDS.get(name, (None, None))
        if module and importlib.util.find_spec(module) is None:
            say(
                f"{name} is left out: {module} is not installed, "
                f'pip install "kerasrec[{extra}]" brings it.'
            )
            continue
        found.append(BASELINES[name]().adapt(split.train))
    return found
