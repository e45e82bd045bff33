"""The values that a search may try, for Optuna."""

import itertools
import json
import math
import random


class SearchSpace:
    """Lists of values and ranges by dotted key, as `tune.parameters` of a config holds them.

    Optuna takes plain values only, so a list or a mapping among the values is its JSON in the
    `params` of a trial.

    Args:
        parameters: Dict of a dotted key -> list of values, or `{"low", "high"}` with two whole
            numbers or two others, and perhaps `"log": True`.

    Attributes:
        size: The number of combinations; infinite if a range is not of whole numbers.

    >>> SearchSpace({"model.dim": [8, 16], "train.epochs": {"low": 1, "high": 3}}).size
    6
    """

    def __init__(self, parameters):
        self.parameters = parameters
        self.size = math.prod(_size(choices) for choices in parameters.values())

    def suggest(self, trial):
        """Draws a value for every key of an Optuna trial."""
        for key, choices in self.parameters.items():
            if isinstance(choices, list):
                trial.suggest_categorical(key, [_plain(value) for value in choices])
            else:
                suggest = trial.suggest_int if _is_whole(choices) else trial.suggest_float
                suggest(key, choices["low"], choices["high"], log=bool(choices.get("log")))

    def values(self, params):
        """The values by dotted key, from the `params` of an Optuna trial."""
        lists = {
            key: choices for key, choices in self.parameters.items() if isinstance(choices, list)
        }
        return {
            key: next(one for one in lists[key] if _plain(one) == value) if key in lists else value
            for key, value in params.items()
        }

    def combinations(self, seed):
        """All possible `params` in random order; only for a finite `size`."""
        lists = [
            [_plain(value) for value in choices]
            if isinstance(choices, list)
            else range(choices["low"], choices["high"] + 1)
            for choices in self.parameters.values()
        ]
        found = [dict(zip(self.parameters, one, strict=True)) for one in itertools.product(*lists)]
        random.Random(seed).shuffle(found)
        return found


def _size(choices):
    if isinstance(choices, list):
        return len(choices)
    return choices["high"] - choices["low"] + 1 if _is_whole(choices) else math.inf


def _is_whole(choices):
    return isinstance(choices["low"], int) and isinstance(choices["high"], int)


def _plain(value):
    return value if isinstance(value, str | int | float | None) else json.dumps(value)
