"""What is measured beside every ranker."""

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions.mean_rates import MeanRates

BASELINES = {"MeanRates": MeanRates}


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
        found.append(BASELINES[name]().adapt(split.train))
    return found
